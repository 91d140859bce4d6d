/** Wires the garbage collector, one key per owner. Assembled on the leading master; decides nothing itself. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import type { KubeObject, ObjectKey } from '../objects/meta.ts';
import type { ObjectChange, ObjectClient } from '../ports/object-client.ts';
import type { GarbageCollectorAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { DEPENDENT_KINDS, DependentsObserver, type ObservedDependents } from './observe.ts';
import { plan } from './plan.ts';

export interface GarbageCollectorDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
}

export function createGarbageCollectorLoop(
  deps: GarbageCollectorDeps,
): Loop<true, ObservedDependents, GarbageCollectorAction> {
  const { cache } = deps;
  const observer = new DependentsObserver(cache);
  const executors = createExecutors(deps);
  return {
    reconciler: {
      name: 'garbage-collector',
      observe: async (key) => observer.observe(key),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    *allKeys() {
      for (const kind of DEPENDENT_KINDS) for (const object of cache.list(kind)) yield* ownersOf(object);
    },
    *keysFor(change) {
      for (const key of concerned(change, cache)) yield { key };
    },
  };
}

/**
 * The owner itself when it goes; and the owners of an object that names new ones, which may have gone before it came.
 */
function* concerned(change: ObjectChange, cache: ReadOnlyCache): Iterable<ObjectKey> {
  const { object, previous } = change;
  if (change.type === 'DELETED') {
    const { uid, namespace } = object.metadata;
    if (uid === undefined) return;
    if (namespace !== undefined) yield { namespace, name: uid };
    else for (const { metadata } of cache.list('Namespace')) yield { namespace: metadata.name, name: uid };
    return;
  }
  const known = new Set(previous?.metadata.ownerReferences?.map(({ uid }) => uid));
  for (const key of ownersOf(object)) if (!known.has(key.name)) yield key;
}

function ownersOf({ metadata }: KubeObject): ObjectKey[] {
  const { namespace, ownerReferences = [] } = metadata;
  return namespace === undefined ? [] : ownerReferences.map(({ uid }) => ({ namespace, name: uid }));
}
