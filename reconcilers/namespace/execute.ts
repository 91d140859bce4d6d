/** Carries the namespace loop's actions out. */
import { inParallel } from '../kit/in-parallel.ts';
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Executors } from '../kit/reconciler.ts';
import { NAMESPACE_FINALIZER } from '../objects/kinds/namespace.ts';
import { keyOf, type ObjectKey } from '../objects/meta.ts';
import { isSampanError } from '../ports/errors.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { NamespaceAction } from './actions.ts';

/** Writes under way at once. */
const PARALLEL_WRITES = 16;

export interface ExecuteDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
}

export function createExecutors({ client, cache }: ExecuteDeps): Executors<NamespaceAction> {
  return {
    'delete-content': async ({ contentKind, objects }, signal) => {
      await inParallel(objects, PARALLEL_WRITES, signal, async ({ uid, ...key }) => {
        await client.delete(contentKind, key, { uid });
      });
    },

    'delete-events': async ({ namespace }, signal) => {
      const { items } = await client.list('Event', { namespace });
      const keys: ObjectKey[] = items.map(keyOf);
      await inParallel(keys, PARALLEL_WRITES, signal, async (key) => {
        await client.delete('Event', key);
      });
    },

    finalize: async ({ namespace: name, resourceVersion }) => {
      const namespace = cache.get('Namespace', { namespace: '', name });
      if (namespace?.metadata.resourceVersion !== resourceVersion) return; // Written meanwhile: the next look decides.
      const finalizers = (namespace.spec.finalizers ?? []).filter((finalizer) => finalizer !== NAMESPACE_FINALIZER);
      try {
        await client.finalizeNamespace({ ...namespace, spec: { ...namespace.spec, finalizers } });
      } catch (error) {
        if (!isSampanError(error, 'NotFound')) throw error;
      }
    },
  };
}
