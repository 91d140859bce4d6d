/** Compares a budget's status with its pods. Pure. Source: pkg/controller/disruption (trySync). */
import type { Plan } from '../kit/reconciler.ts';
import { equalJson, type Json } from '../objects/json.ts';
import type { PodDisruptionBudget } from '../objects/kinds/pod-disruption-budget.ts';
import { controllerOf, keyOf } from '../objects/meta.ts';
import { isPodReady, type Pod } from '../objects/pod.ts';
import { scaled, withCondition, withFailure } from '../objects/policy/disruption-budget.ts';
import type { DisruptionAction } from './actions.ts';
import type { ObservedPods } from './observe.ts';

type Status = PodDisruptionBudget['status'];

/** So long an evicted pod may take until its deletion is seen; then it counts again. */
const DELETION_TIMEOUT_MS = 2 * 60_000;

interface Expectation {
  readonly expectedPods: number;
  readonly desiredHealthy: number;
}

export function plan(
  budget: PodDisruptionBudget | undefined,
  { pods, scales }: ObservedPods,
  now: number,
): Plan<DisruptionAction> {
  if (budget === undefined) return { actions: [], because: 'there is no such budget' };
  const expected = expectationOf(budget, pods, scales);
  if (typeof expected === 'string') return told(budget, withFailure(budget.status, expected, now), expected);

  const evicted = stillExpectedToGo(budget, pods, now);
  const healthy = pods.filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined && evicted[pod.metadata.name] === undefined && isPodReady(pod),
  );
  const { expectedPods, desiredHealthy } = expected;
  const currentHealthy = healthy.length;
  // A budget without pods is strict: its first ones may appear before they are counted.
  const disruptionsAllowed = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  const { generation } = budget.metadata;
  const status: Status = {
    currentHealthy,
    desiredHealthy,
    disruptionsAllowed,
    expectedPods,
    ...(generation !== undefined && { observedGeneration: generation }),
    ...(Object.keys(evicted).length > 0 && { disruptedPods: evicted }),
    ...(budget.status.conditions && { conditions: budget.status.conditions }),
  };
  const ends = Object.values(evicted).map((at) => Date.parse(at) + DELETION_TIMEOUT_MS + 1 - now);
  const because = `${currentHealthy} pods are healthy, ${desiredHealthy} must be: ${disruptionsAllowed} may be evicted`;
  return {
    ...told(budget, withCondition(status, now), because),
    ...(ends.length > 0 && { checkAgainAfterMs: Math.min(...ends) }),
  };
}

function told(budget: PodDisruptionBudget, status: Status, because: string): Plan<DisruptionAction> {
  if (equalJson(status as unknown as Json, budget.status as unknown as Json)) return { actions: [], because };
  const { resourceVersion } = budget.metadata;
  return { actions: [{ kind: 'write-status', budget: { ...keyOf(budget), resourceVersion }, status }], because };
}

/** How many pods there should be, and how many of them healthy; or the sentence that says why nobody knows. */
function expectationOf(
  { spec }: PodDisruptionBudget,
  pods: readonly Pod[],
  scales: ObservedPods['scales'],
): Expectation | string {
  const { minAvailable, maxUnavailable } = spec;
  if (maxUnavailable === undefined && typeof minAvailable !== 'string') {
    return { expectedPods: minAvailable === undefined ? 0 : pods.length, desiredHealthy: minAvailable ?? 0 };
  }
  // A share, or what is not there, is reckoned from what the controllers of the pods want.
  const uids = new Set<string>();
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (owner === undefined) continue;
    if (scales[owner.uid] === undefined) return `found no controllers for pod "${pod.metadata.name}"`;
    uids.add(owner.uid);
  }
  const expectedPods = [...uids].reduce((sum, uid) => sum + (scales[uid] ?? 0), 0);
  const desiredHealthy =
    maxUnavailable === undefined
      ? scaled(minAvailable ?? 0, expectedPods)
      : Math.max(0, expectedPods - scaled(maxUnavailable, expectedPods));
  return { expectedPods, desiredHealthy };
}

/** Evicted pods whose deletion is not seen yet, with the time of their eviction. */
function stillExpectedToGo({ status }: PodDisruptionBudget, pods: readonly Pod[], now: number): Record<string, string> {
  const evictions = Object.entries(status.disruptedPods ?? {});
  const living = new Set(
    pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.name),
  );
  return Object.fromEntries(
    evictions.filter(([name, at]) => living.has(name) && Date.parse(at) + DELETION_TIMEOUT_MS >= now),
  );
}
