/** What is asked of Events, in both groups. */
import { group, own, seenIn } from '../line.ts';

export const EVENTS = group(11, 'Events', {
  1: own('of the core group are created, listed, patched, updated with a series, and deleted, one or a collection'),
  2: seenIn(
    'of events.k8s.io live the same life, and both groups show the same ones',
    'test/unit/apiserver/semantics/events-v1.test.ts',
    'shows what the core group has, in its own words, and the other way round',
    'is patched in its own words',
  ),
});
