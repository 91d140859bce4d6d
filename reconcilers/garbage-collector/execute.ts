/** Carries the garbage collector's action out, after asking the store itself whether the owners are gone. */
import { inParallel } from '../kit/in-parallel.ts';
import type { Executors } from '../kit/reconciler.ts';
import { findKind } from '../objects/kinds.ts';
import type { OwnerReference } from '../objects/meta.ts';
import { SampanError } from '../ports/errors.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { GarbageCollectorAction } from './actions.ts';

/** Writes under way at once. */
const PARALLEL_WRITES = 16;

export function createExecutors({ client }: { readonly client: ObjectClient }): Executors<GarbageCollectorAction> {
  const exists = async ({ apiVersion, kind, name, uid }: OwnerReference, namespace: string): Promise<boolean> => {
    const info = findKind(apiVersion, kind);
    if (info === undefined) return true;
    const found = await client.get(info.kind, { namespace: info.namespaced ? namespace : '', name });
    return found?.metadata.uid === uid;
  };

  return {
    'delete-dependents': async ({ owners, namespace, dependents }, signal) => {
      // The cache may have listed the dependents anew and not yet their owners; a wrong deletion cannot be taken back.
      for (const owner of owners) {
        if (!(await exists(owner, namespace))) continue;
        const detail = `its owner ${owner.kind} "${owner.name}" exists, the cache does not know it yet`;
        const [first] = dependents;
        throw new SampanError('Conflict', { resource: first?.objectKind, name: first?.name, detail });
      }
      await inParallel(dependents, PARALLEL_WRITES, signal, async ({ objectKind, uid, resourceVersion, ...key }) => {
        await client.delete(objectKind, key, { uid, resourceVersion });
      });
    },
  };
}
