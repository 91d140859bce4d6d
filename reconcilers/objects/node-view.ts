/**
 * What of the cluster a node sees: the feed of the API server sends it, the agent's cache keeps it. A node that is broken into gives
 * away its own pods' secrets, and nobody else's. Pure.
 */
import type { AnyObject, Kind } from './kinds.ts';

/** Whole: what a node needs to route, to name and to mount. None of it is secret. */
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

const LEASE_NAMESPACE = 'kube-node-lease';

/** Whose own it is: the node that a pod is bound to, or that beats with a Lease. */
export function nodeThatOwns(object: AnyObject): string | undefined {
  if (object.kind === 'Pod') return object.spec.nodeName;
  const isHeartbeat = object.kind === 'Lease' && object.metadata.namespace === LEASE_NAMESPACE;
  return isHeartbeat ? object.metadata.name : undefined;
}
