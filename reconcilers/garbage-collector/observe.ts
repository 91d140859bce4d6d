/**
 * What the garbage collector reads: one owner, the objects that name it, and what has become of all of their owners. Its key is an
 * owner's uid, as a name without a namespace. Cache only.
 */
import type { ObjectIndex, ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import { type AnyObject, CACHED_KINDS, findKind, type Kind } from '../objects/kinds.ts';
import { type KubeObject, type ObjectKey, type OwnerReference, PROPAGATION_FINALIZERS } from '../objects/meta.ts';

/**
 * `solid`: it exists and is not waiting, or nothing can be known of it because its kind is not served here. `waiting`: it is being
 * deleted and waits for its dependents to go first.
 */
export type OwnerState = 'solid' | 'waiting' | 'absent';

export interface ObservedDependent {
  readonly object: AnyObject;
  /** Of each of its owner references, in their order. */
  readonly owners: readonly OwnerState[];
  /** Whether it is an owner itself, and whether one of what it owns waits for its own dependents. */
  readonly dependents: 'none' | 'some' | 'waiting';
}

export interface ObservedDependents {
  readonly dependents: readonly ObservedDependent[];
}

export class DependentsObserver {
  readonly #byOwner: readonly ObjectIndex<AnyObject>[];
  readonly #byUid: ReadonlyMap<string, ObjectIndex<AnyObject>>;

  constructor(cache: ReadOnlyCache) {
    const index = (kind: Kind, valuesOf: (object: KubeObject) => readonly string[]) =>
      cache.index(kind, valuesOf) as ObjectIndex<AnyObject>;
    this.#byOwner = CACHED_KINDS.map((kind) => index(kind, ownerUids));
    this.#byUid = new Map(CACHED_KINDS.map((kind) => [kind, index(kind, ({ metadata }) => [metadata.uid])]));
  }

  observe({ name: uid }: ObjectKey): Observation<AnyObject, ObservedDependents> {
    const dependents = this.#dependentsOf(uid).map((object) => ({
      object,
      owners: (object.metadata.ownerReferences ?? []).map((owner) => this.stateOf(owner, object)),
      dependents: this.#dependence(object),
    }));
    return { desired: this.#find(uid), observed: { dependents } };
  }

  /** Of an owner as `dependent` names it: an object of another namespace cannot be meant. */
  stateOf({ apiVersion, kind, uid }: OwnerReference, dependent: KubeObject): OwnerState {
    const index = findKind(apiVersion, kind) && this.#byUid.get(kind);
    if (index === undefined) return 'solid';
    const [owner] = index.get(uid);
    if (owner === undefined) return 'absent';
    const { namespace } = owner.metadata;
    if (namespace !== undefined && namespace !== dependent.metadata.namespace) return 'absent';
    return isWaiting(owner) ? 'waiting' : 'solid';
  }

  #dependence(object: KubeObject): ObservedDependent['dependents'] {
    const own = this.#dependentsOf(object.metadata.uid);
    if (own.length === 0) return 'none';
    return own.some(isWaiting) ? 'waiting' : 'some';
  }

  #dependentsOf(uid: string): AnyObject[] {
    return this.#byOwner.flatMap((index) => index.get(uid));
  }

  #find(uid: string): AnyObject | undefined {
    for (const index of this.#byUid.values()) {
      const [found] = index.get(uid);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

export function ownerUids({ metadata }: KubeObject): string[] {
  return (metadata.ownerReferences ?? []).map(({ uid }) => uid);
}

/** Whether it is being deleted, and its dependents go first. */
export function isWaiting({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && holds(metadata, PROPAGATION_FINALIZERS.Foreground);
}

/** Whether it is being deleted, and its dependents are to be freed of it first. */
export function isOrphaning({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && holds(metadata, PROPAGATION_FINALIZERS.Orphan);
}

function holds({ finalizers = [] }: KubeObject['metadata'], finalizer: string): boolean {
  return finalizers.includes(finalizer);
}
