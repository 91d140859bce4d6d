/** What the garbage collector can do: delete what nobody owns any more, or take an owner out of it; then let the owner go. */
import type { Kind } from '../objects/kinds.ts';
import type { ObjectKey, OwnerReference } from '../objects/meta.ts';
import type { PropagationPolicy } from '../ports/object-client.ts';

/** One object as it was seen: another version of it is not meant. */
export interface SeenObject extends ObjectKey {
  readonly objectKind: Kind;
  readonly uid: string;
  readonly resourceVersion: string;
}

export interface DeleteDependents {
  readonly kind: 'delete-dependents';
  /** All of the dependents' owners: absent as far as the cache knows, or waiting for just this. */
  readonly owners: readonly OwnerReference[];
  readonly namespace: string;
  /** Absent: as each is marked already. */
  readonly propagationPolicy?: PropagationPolicy;
  readonly dependents: readonly SeenObject[];
}

/** Takes references to some owners out of objects that live on. */
export interface RemoveReferences {
  readonly kind: 'remove-references';
  readonly dependents: readonly (SeenObject & { readonly ownerUids: readonly string[] })[];
}

/** References stay, but hold up their owners no longer: owners and dependents in a circle would wait for each other. */
export interface UnblockOwners {
  readonly kind: 'unblock-owners';
  readonly dependents: readonly SeenObject[];
}

/** Nothing is left that the owner has to wait for. */
export interface RemoveFinalizer {
  readonly kind: 'remove-finalizer';
  readonly owner: SeenObject;
  readonly finalizer: string;
}

export type GarbageCollectorAction = DeleteDependents | RemoveReferences | UnblockOwners | RemoveFinalizer;
