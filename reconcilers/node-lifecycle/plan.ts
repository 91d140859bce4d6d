/**
 * What becomes of a node that is new, silent, lost or gone, and of its pods. Says nothing about a node that works: that is the
 * node's own to tell. Pure; docs/decisions/0009 explains the times and why a lost node's pods are not removed at once.
 */
import type { Plan } from '../kit/reconciler.ts';
import type { Node } from '../objects/cluster.ts';
import { isPodReady, isPodTerminal, type Pod } from '../objects/pod.ts';
import type { NodeLifecycleAction } from './actions.ts';
import { planNetwork } from './network-plan.ts';
import type { ObservedNode } from './observe.ts';
import { seen } from './seen-pod.ts';
import { planTaints } from './taint-plan.ts';

export function plan(node: Node | undefined, observed: ObservedNode, now: number): Plan<NodeLifecycleAction> {
  if (node === undefined) return planRemoved(observed);
  const taints = planTaints(node, observed.pods, now);
  if (taints.actions.length > 0) return taints;
  const { checkAgainAfterMs } = taints;
  return { ...planHeard(node, observed), ...(checkAgainAfterMs !== undefined && { checkAgainAfterMs }) };
}

function planHeard(node: Node, observed: ObservedNode): Plan<NodeLifecycleAction> {
  const network = planNetwork(node, observed);
  if (network.actions.length > 0) return network;
  return observed.liveness === 'alive' ? network : planSilent(node, observed);
}

/** The node object is gone: its kubelet will never report the end of its pods. */
function planRemoved({ name, liveness, pods }: ObservedNode): Plan<NodeLifecycleAction> {
  if (pods.length === 0) return { actions: [], because: 'the node is gone' };
  if (liveness === 'alive') return { actions: [], because: 'the node is not registered; it may come yet' };
  return {
    actions: [{ kind: 'remove-pods', node: name, pods: pods.map(seen) }],
    because: `the node is gone and has left ${pods.length} behind`,
  };
}

function planSilent(node: Node, { liveness, times, pods }: ObservedNode): Plan<NodeLifecycleAction> {
  const { name, resourceVersion } = node.metadata;
  const actions: NodeLifecycleAction[] = [];
  const ready = node.status.conditions?.find((condition) => condition.type === 'Ready');
  if (ready?.status !== 'Unknown') actions.push({ kind: 'mark-node-unknown', node: name, resourceVersion });

  const unready = pods.filter((pod) => isPodReady(pod)).map(seen);
  if (unready.length > 0) actions.push({ kind: 'mark-pods-not-ready', node: name, pods: unready });

  const evicted = liveness === 'lost' ? pods.filter(isEvictable).map(seen) : [];
  // One step at a time: marking a pod changes it, and the next look evicts what it then sees.
  if (evicted.length > 0 && actions.length === 0) actions.push({ kind: 'evict-pods', node: name, pods: evicted });

  const silence = `the node has not been heard for ${times.graceMs / 1000} s`;
  return { actions, because: liveness === 'lost' ? `${silence}, and ${times.evictionMs / 1000} s more` : silence };
}

function isEvictable(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined && !isPodTerminal(pod);
}
