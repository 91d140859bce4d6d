/** Wires the namespace loop, one key per namespace. Assembled on the leading master; decides nothing itself. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import type { Namespace } from '../objects/cluster.ts';
import { keyOf, type ObjectKey } from '../objects/meta.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { NamespaceAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { type ObservedContent, observeNamespace } from './observe.ts';
import { plan } from './plan.ts';

export interface NamespaceDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
}

export function createNamespaceLoop(deps: NamespaceDeps): Loop<Namespace, ObservedContent, NamespaceAction> {
  const { cache } = deps;
  const executors = createExecutors(deps);
  return {
    reconciler: {
      name: 'namespace',
      observe: async (key) => observeNamespace(cache, key),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    allKeys: () => cache.list('Namespace').map(keyOf),
    *keysFor({ kind, object }) {
      if (kind === 'Namespace') yield { key: keyOf(object) };
      const { namespace } = object.metadata;
      if (namespace === undefined) return;
      const key: ObjectKey = { namespace: '', name: namespace };
      if (cache.get('Namespace', key)?.metadata.deletionTimestamp !== undefined) yield { key };
    },
  };
}
