/** Wires the garbage collector, one key per owner. Assembled on the leading master; decides nothing itself. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import { type AnyObject, CACHED_KINDS } from '../objects/kinds.ts';
import type { KubeObject, OwnerReference } from '../objects/meta.ts';
import type { ObjectChange, ObjectClient } from '../ports/object-client.ts';
import type { GarbageCollectorAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { DependentsObserver, isOrphaning, isWaiting, type ObservedDependents, ownerUids } from './observe.ts';
import { plan } from './plan.ts';

export interface GarbageCollectorDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
}

export function createGarbageCollectorLoop(
  deps: GarbageCollectorDeps,
): Loop<AnyObject, ObservedDependents, GarbageCollectorAction> {
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
      for (const kind of CACHED_KINDS) {
        for (const object of cache.list(kind)) {
          for (const uid of ownerUids(object)) yield keyOfOwner(uid);
          if (isBeingPropagated(object)) yield keyOfOwner(object.metadata.uid);
        }
      }
    },
    *keysFor(change) {
      for (const uid of concerned(change, observer)) yield { key: keyOfOwner(uid) };
    },
  };
}

/**
 * The object itself when it goes, or is to be told apart from its dependents first; the owners that it names anew, which may have
 * gone before it came; and those that wait for it.
 */
function* concerned({ type, object, previous }: ObjectChange, observer: DependentsObserver): Iterable<string> {
  const { uid } = object.metadata;
  if (uid !== undefined && (type === 'DELETED' || isBeingPropagated(object))) yield uid;
  const known = new Set(previous === undefined ? [] : ownerUids(previous));
  for (const owner of ownersOf(object, previous)) {
    const isNew = type !== 'DELETED' && !known.has(owner.uid);
    if (isNew || observer.stateOf(owner, object) === 'waiting') yield owner.uid;
  }
}

function ownersOf(object: KubeObject, previous: KubeObject | undefined): OwnerReference[] {
  return [object, previous ?? []].flat().flatMap(({ metadata }) => metadata.ownerReferences ?? []);
}

function isBeingPropagated(object: KubeObject): boolean {
  return isWaiting(object) || isOrphaning(object);
}

function keyOfOwner(uid: string): { namespace: string; name: string } {
  return { namespace: '', name: uid };
}
