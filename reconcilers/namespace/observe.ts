/** What the namespace loop reads: a namespace and, while it is being deleted, all that is in it. Cache only. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import type { Namespace } from '../objects/cluster.ts';
import type { KubeObject, ObjectKey } from '../objects/meta.ts';
import { CONTENT_KINDS, type ContentKind } from './actions.ts';

export type ObservedContent = { readonly [K in ContentKind]?: readonly KubeObject[] };

export function observeNamespace(cache: ReadOnlyCache, key: ObjectKey): Observation<Namespace, ObservedContent> {
  const namespace = cache.get('Namespace', key);
  if (namespace?.metadata.deletionTimestamp === undefined) return { desired: namespace, observed: {} };
  const content = CONTENT_KINDS.map((kind) => [kind, cache.list(kind, key.name)] as const);
  return { desired: namespace, observed: Object.fromEntries(content) };
}
