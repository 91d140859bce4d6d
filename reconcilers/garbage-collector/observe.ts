/**
 * What the garbage collector reads: the objects that name one owner, and which of all their owners exist. Its key is an owner: the
 * namespace of its dependents, and its uid as the name. Cache only.
 */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import { ALL_KINDS, CACHED_KINDS, findKind, type Kind } from '../objects/kinds.ts';
import type { KubeObject, ObjectKey, OwnerReference } from '../objects/meta.ts';

export interface ObservedDependents {
  readonly dependents: readonly { readonly objectKind: Kind; readonly object: KubeObject }[];
  /** Uids of owners that exist, or of which nothing can be known because their kind is not served here. */
  readonly livingOwners: readonly string[];
}

/** Kinds whose objects are collected; only namespaced ones, whose owners are in their namespace or cluster-scoped. */
export const DEPENDENT_KINDS: readonly Kind[] = ALL_KINDS.filter(({ namespaced, cached }) => namespaced && cached).map(
  ({ kind }) => kind,
);

export class DependentsObserver {
  readonly #byOwner;
  readonly #byUid;

  constructor(cache: ReadOnlyCache) {
    this.#byOwner = DEPENDENT_KINDS.map((objectKind) => ({
      objectKind,
      index: cache.index(objectKind, ({ metadata: { namespace, ownerReferences } }) =>
        (ownerReferences ?? []).map(({ uid }) => `${namespace}/${uid}`),
      ),
    }));
    this.#byUid = new Map<string, { get(uid: string): readonly KubeObject[] }>(
      CACHED_KINDS.map((kind) => [kind, cache.index(kind, (object) => [object.metadata.uid])]),
    );
  }

  observe({ namespace, name: uid }: ObjectKey): Observation<true, ObservedDependents> {
    const dependents = this.#byOwner.flatMap(({ objectKind, index }) =>
      index.get(`${namespace}/${uid}`).map((object: KubeObject) => ({ objectKind, object })),
    );
    const owners = dependents.flatMap(({ object }) => object.metadata.ownerReferences ?? []);
    const living = owners.filter((owner) => this.#lives(owner)).map((owner) => owner.uid);
    return { desired: true, observed: { dependents, livingOwners: [...new Set(living)] } };
  }

  #lives({ apiVersion, kind, uid }: OwnerReference): boolean {
    const index = findKind(apiVersion, kind) && this.#byUid.get(kind);
    return index === undefined || index.get(uid).length > 0;
  }
}
