/**
 * A node's addresses for its pods: given where it has none, and where none can be given the node says so, in its condition
 * NetworkUnavailable, which keeps pods away by a taint (taint-plan.ts). Called by plan.ts; pure.
 */
import type { Plan } from '../kit/reconciler.ts';
import { type Node, networkUnavailable } from '../objects/cluster.ts';
import type { NetworkCondition, NodeLifecycleAction } from './actions.ts';
import type { ObservedNode } from './observe.ts';

const AVAILABLE: NetworkCondition = {
  status: 'False',
  reason: 'PodCIDRAssigned',
  message: 'the node has addresses for its pods',
};

export function planNetwork(node: Node, { share }: ObservedNode): Plan<NodeLifecycleAction> {
  const { name, resourceVersion } = node.metadata;
  if (share !== undefined && 'podCIDR' in share) {
    const { podCIDR } = share;
    return {
      actions: [{ kind: 'assign-pod-cidr', node: name, resourceVersion, podCIDR }],
      because: 'the node has no addresses for its pods yet',
    };
  }
  const wanted = share === undefined ? AVAILABLE : refusedBy(share.refusal);
  const given = networkUnavailable(node);
  const isSaid = given?.status === wanted.status && given.message === wanted.message;
  // Of a node that never was without, nothing is said.
  const isRight = share === undefined ? given?.status !== 'True' : isSaid;
  return {
    actions: isRight ? [] : [{ kind: 'write-network-condition', node: name, resourceVersion, condition: wanted }],
    because: share === undefined ? 'the node is heard' : share.refusal,
  };
}

function refusedBy(message: string): NetworkCondition {
  return { status: 'True', reason: 'NoPodCIDR', message };
}
