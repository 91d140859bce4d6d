/**
 * What a node's taints ask for: NoExecute ones are dated, since the tolerated time runs from there over every restart, and the pods
 * whose time is up go; a cordoned node, and one whose pods could not be reached, has the taint that says so. Called by plan.ts; pure. Source: pkg/controller/tainteviction
 */
import type { Plan } from '../kit/reconciler.ts';
import { type Node, networkUnavailable } from '../objects/cluster.ts';
import { equalJson, type Json } from '../objects/json.ts';
import { toTimestamp } from '../objects/meta.ts';
import { isPodTerminal, type Pod } from '../objects/pod.ts';
import { TAINT_NETWORK_UNAVAILABLE, TAINT_UNSCHEDULABLE, type Taint, toleratedMs } from '../objects/taints.ts';
import type { NodeLifecycleAction } from './actions.ts';
import { seen } from './seen-pod.ts';

/** No actions: nothing to do about taints now; `checkAgainAfterMs`: until the time of the next pod is up. */
export function planTaints(node: Node, pods: readonly Pod[], now: number): Plan<NodeLifecycleAction> {
  const { name, resourceVersion } = node.metadata;
  const given = node.spec.taints ?? [];
  const taints = wantedTaints(node, now);
  if (!equalJson(taints as unknown as Json, given as unknown as Json)) {
    return {
      actions: [{ kind: 'write-taints', node: name, resourceVersion, taints }],
      because: 'NoExecute taints bear a date, and what keeps pods away from the node is a taint',
    };
  }
  const driving = given.filter(({ effect }) => effect === 'NoExecute');
  if (driving.length === 0) return { actions: [], because: 'no taint drives pods away' };

  const leaving = pods
    .filter((pod) => pod.metadata.deletionTimestamp === undefined && !isPodTerminal(pod))
    .map((pod) => ({ pod, at: Math.min(...driving.map((taint) => timeIsUp(pod, taint))) }));
  const due = leaving.filter(({ at }) => at <= now).map(({ pod }) => pod);
  const next = Math.min(...leaving.map(({ at }) => at).filter((at) => at > now));
  return {
    actions: due.length === 0 ? [] : [{ kind: 'evict-tainted-pods', node: name, pods: due.map(seen) }],
    because: `the node has NoExecute taints that ${due.length} of its pods do not tolerate any longer`,
    ...(Number.isFinite(next) && { checkAgainAfterMs: next - now }),
  };
}

function wantedTaints(node: Node, now: number): Taint[] {
  const { taints = [], unschedulable } = node.spec;
  const states = new Map([
    [TAINT_UNSCHEDULABLE, unschedulable === true],
    [TAINT_NETWORK_UNAVAILABLE, networkUnavailable(node)?.status === 'True'],
  ]);
  const isState = ({ key, effect }: Taint) => effect === 'NoSchedule' && states.has(key);
  const timeAdded = toTimestamp(now);
  const kept = taints
    .filter((taint) => !isState(taint) || states.get(taint.key) === true)
    .map((taint) => (taint.effect === 'NoExecute' && taint.timeAdded === undefined ? { ...taint, timeAdded } : taint));
  const added = [...states]
    .filter(([key, isOn]) => isOn && !kept.some((taint) => isState(taint) && taint.key === key))
    .map(([key]): Taint => ({ key, effect: 'NoSchedule', timeAdded }));
  return [...kept, ...added];
}

/** When the pod must go, in milliseconds since the epoch: its time runs from when both it and the taint were there. */
function timeIsUp(pod: Pod, taint: Taint): number {
  const scheduled = pod.status.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'True');
  const arrived = Date.parse(scheduled?.lastTransitionTime ?? pod.metadata.creationTimestamp);
  return Math.max(arrived, Date.parse(taint.timeAdded ?? '')) + toleratedMs(taint, pod.spec.tolerations);
}
