/** What is asked of PodDisruptionBudgets. */
import { alsoIn, group, own, planned, seenIn } from '../line.ts';

const EVICTION = 'test/unit/disruption/eviction.test.ts';

export const DISRUPTION_BUDGETS = group(19, 'PodDisruptionBudget', {
  1: own('lives a whole life, seen by a watch'),
  2: own('is listed and deleted as a collection, in all namespaces by label'),
  3: own('has its status patched and replaced by itself'),
  4: planned(
    'is told how many of its pods may go, in numbers and in shares',
    'min-available',
    'a-share-is-rounded-up',
    'max-unavailable-counts-what-the-controller-wants',
    'one-is-not-ready',
  ),
  5: alsoIn(
    seenIn(
      'an eviction that it forbids is answered 429, until it allows it',
      EVICTION,
      'takes from the budget what it allows, and no more',
      'waits for a budget that is not counted yet',
    ),
    'test/e2e/real-manifests.test.ts',
    'a web server: its pages at the cluster IP and the node port, as nobody on a root that is read only',
  ),
});
