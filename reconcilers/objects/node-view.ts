/**
 * What of the cluster a node sees: the feed of the API server sends it, the agent's cache keeps it. A node that is broken into gives
 * away its own pods' secrets, and nobody else's. Pure.
 */
import type { Node } from './cluster.ts';
import { NODE_LEASE_NAMESPACE } from './cluster.ts';
import { equalJson } from './json.ts';
import type { AnyObject, Kind } from './kinds.ts';

/** What a node needs to route, to name and to mount, whole but for other Nodes. None of it is secret. */
export const SEEN_BY_ALL: readonly Kind[] = [
  'Namespace',
  'StorageClass',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Node',
  'Service',
  'EndpointSlice',
];

/** Where a pod of the node refers to them. */
export const SEEN_WHERE_REFERRED = ['ServiceAccount', 'Secret', 'ConfigMap'] as const satisfies readonly Kind[];

/** All that a node may see. */
export const NODE_KINDS: readonly Kind[] = [...SEEN_BY_ALL, ...SEEN_WHERE_REFERRED, 'Pod', 'Lease'];

/** Whose own it is: the node that a pod is bound to, or that beats with a Lease. */
export function nodeThatOwns(object: AnyObject): string | undefined {
  if (object.kind === 'Pod') return object.spec.nodeName;
  const isHeartbeat = object.kind === 'Lease' && object.metadata.namespace === NODE_LEASE_NAMESPACE;
  return isHeartbeat ? object.metadata.name : undefined;
}

const othersSee = new WeakMap<Node, Node>();

/**
 * What of a Node the other nodes are told: who it is, and where it and its pods are. What it says of itself all the time, its images and
 * conditions, would cost every node as much as all nodes together say. The same object of the same Node.
 */
export function asOthersSee(node: Node): Node {
  let seen = othersSee.get(node);
  if (seen === undefined) {
    const { managedFields: _, generation: __, ...metadata } = node.metadata;
    const { podCIDR, podCIDRs } = node.spec;
    const { addresses } = node.status;
    const spec = { ...(podCIDR !== undefined && { podCIDR }), ...(podCIDRs && { podCIDRs }) };
    seen = { apiVersion: 'v1', kind: 'Node', metadata, spec, status: { ...(addresses && { addresses }) } };
    othersSee.set(node, seen);
  }
  return seen;
}

/** Whether others have to be told of the change. */
export function isNewsToOthers(node: Node, previous: Node | undefined): boolean {
  if (previous === undefined) return true;
  const [before, after] = [previous, node].map((each) => {
    const { metadata, ...rest } = asOthersSee(each);
    return { ...rest, metadata: { ...metadata, resourceVersion: '' } };
  });
  return !equalJson(before as never, after as never);
}
