/**
 * Carries the garbage collector's actions out. Before anything is deleted the store itself is asked whether the owners are gone;
 * every other write insists on the version that was seen.
 */
import { inParallel } from '../kit/in-parallel.ts';
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Executors } from '../kit/reconciler.ts';
import { findKind } from '../objects/kinds.ts';
import type { ObjectMeta, OwnerReference } from '../objects/meta.ts';
import { isSampanError, SampanError } from '../ports/errors.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { GarbageCollectorAction, SeenObject } from './actions.ts';
import { isWaiting } from './observe.ts';

/** Writes under way at once. */
const PARALLEL_WRITES = 16;

export interface ExecuteDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
}

export function createExecutors({ client, cache }: ExecuteDeps): Executors<GarbageCollectorAction> {
  /** Whether the owner is there and does not wait for its dependents to go. */
  const isSolid = async ({ apiVersion, kind, name, uid }: OwnerReference, namespace: string): Promise<boolean> => {
    const info = findKind(apiVersion, kind);
    if (info === undefined) return true;
    // Of an object without a namespace, no namespaced one is an owner.
    if (info.namespaced && namespace === '') return false;
    const found = await client.get(info.kind, { namespace: info.namespaced ? namespace : '', name });
    return found?.metadata.uid === uid && !isWaiting(found);
  };

  /** Writes other metadata of an object, where it still is as it was seen. */
  const rewrite = async (wanted: SeenObject, change: (metadata: ObjectMeta) => ObjectMeta): Promise<void> => {
    const object = cache.get(wanted.objectKind, wanted);
    if (object?.metadata.resourceVersion !== wanted.resourceVersion) return; // Written meanwhile: the next look decides.
    try {
      await client.update(wanted.objectKind, { ...object, metadata: change(object.metadata) });
    } catch (error) {
      if (!isSampanError(error, 'NotFound')) throw error;
    }
  };

  return {
    'delete-dependents': async ({ owners, namespace, propagationPolicy, dependents }, signal) => {
      // The cache may have listed the dependents anew and not yet their owners; a wrong deletion cannot be taken back.
      for (const owner of owners) {
        if (!(await isSolid(owner, namespace))) continue;
        const detail = `its owner ${owner.kind} "${owner.name}" exists, the cache does not know it yet`;
        const [first] = dependents;
        throw new SampanError('Conflict', { resource: first?.objectKind, name: first?.name, detail });
      }
      const policy = propagationPolicy && { propagationPolicy };
      await inParallel(dependents, PARALLEL_WRITES, signal, async ({ objectKind, uid, resourceVersion, ...key }) => {
        await client.delete(objectKind, key, { uid, resourceVersion, ...policy });
      });
    },

    'remove-references': ({ dependents }, signal) =>
      inParallel(dependents, PARALLEL_WRITES, signal, (dependent) =>
        rewrite(dependent, ({ ownerReferences = [], ...rest }) => {
          const left = ownerReferences.filter(({ uid }) => !dependent.ownerUids.includes(uid));
          return left.length === 0 ? rest : { ...rest, ownerReferences: left };
        }),
      ),

    'unblock-owners': ({ dependents }, signal) =>
      inParallel(dependents, PARALLEL_WRITES, signal, (dependent) =>
        rewrite(dependent, ({ ownerReferences = [], ...rest }) => ({
          ...rest,
          ownerReferences: ownerReferences.map((owner) =>
            owner.blockOwnerDeletion ? { ...owner, blockOwnerDeletion: false } : owner,
          ),
        })),
      ),

    'remove-finalizer': ({ owner, finalizer }) =>
      rewrite(owner, ({ finalizers = [], ...rest }) => {
        const left = finalizers.filter((each) => each !== finalizer);
        return left.length === 0 ? rest : { ...rest, finalizers: left };
      }),
  };
}
