/** What the node-lifecycle loop can do: give a node its addresses, date its taints, say that it is lost, move its pods elsewhere. */
import type { NodeCondition } from '../objects/cluster.ts';
import type { ObjectKey } from '../objects/meta.ts';
import type { Taint } from '../objects/taints.ts';

export interface SeenPod extends ObjectKey {
  readonly uid: string;
  readonly resourceVersion: string;
}

interface SeenNode {
  readonly node: string;
  readonly resourceVersion: string;
}

/** Whether the node's pods can be reached, or why not. */
export type NetworkCondition = Pick<NodeCondition, 'status' | 'reason' | 'message'>;

export type NodeLifecycleAction =
  | (SeenNode & { readonly kind: 'assign-pod-cidr'; readonly podCIDR: string })
  | (SeenNode & { readonly kind: 'write-network-condition'; readonly condition: NetworkCondition })
  | (SeenNode & { readonly kind: 'write-taints'; readonly taints: readonly Taint[] })
  | (SeenNode & { readonly kind: 'mark-node-unknown' })
  | { readonly kind: 'mark-pods-not-ready'; readonly node: string; readonly pods: readonly SeenPod[] }
  /** Marked for deletion, so that others take their place; the objects stay until the node, or its removal, says they ended. */
  | { readonly kind: 'evict-pods'; readonly node: string; readonly pods: readonly SeenPod[] }
  /** They do not tolerate a NoExecute taint of the node, or not for longer. */
  | { readonly kind: 'evict-tainted-pods'; readonly node: string; readonly pods: readonly SeenPod[] }
  /** Removed at once: their node is gone for good, nobody is left to say that they ended. */
  | { readonly kind: 'remove-pods'; readonly node: string; readonly pods: readonly SeenPod[] };
