/**
 * Which pods go first when there are too many: the least useful, by Kubernetes' own ranking (ActivePodsWithRanks in
 * pkg/controller/controller_utils.go). The rollout and scaling down both take from the front. Pure.
 */
import type { Pod, PodPhase } from '../objects/pod.ts';
import { allContainerStatuses, isPodReady } from '../objects/pod.ts';
import { readySince } from './availability.ts';

const PHASE_ORDER: Readonly<Record<PodPhase, number>> = { Pending: 0, Unknown: 1, Running: 2, Succeeded: 2, Failed: 2 };

/** A new list, least useful first. `all`: the active pods of the controller, among which crowded nodes are found. */
export function leastUsefulFirst(pods: readonly Pod[], all: readonly Pod[]): Pod[] {
  const crowd = new Map<string, number>();
  for (const { spec } of all) if (spec.nodeName) crowd.set(spec.nodeName, (crowd.get(spec.nodeName) ?? 0) + 1);

  /** Smaller goes first, at the first difference. */
  const rank = (pod: Pod): number[] => [
    pod.spec.nodeName === undefined ? 0 : 1,
    PHASE_ORDER[pod.status.phase],
    isPodReady(pod) ? 1 : 0,
    -(crowd.get(pod.spec.nodeName ?? '') ?? 0),
    -(readySince(pod) ?? Number.MAX_SAFE_INTEGER),
    -restartsOf(pod),
    -Date.parse(pod.metadata.creationTimestamp),
  ];
  return pods
    .map((pod) => ({ pod, rank: rank(pod) }))
    .sort((a, b) => compareRanks(a.rank, b.rank) || compareNames(a.pod, b.pod))
    .map(({ pod }) => pod);
}

function restartsOf(pod: Pod): number {
  return Math.max(0, ...allContainerStatuses(pod).map((status) => status.restartCount));
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) {
    const difference = value - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Only so that equal pods have an order at all, and the same plan comes out twice. */
function compareNames(a: Pod, b: Pod): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
