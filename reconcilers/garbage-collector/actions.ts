/** What the garbage collector can do: delete what nobody owns any more. */
import type { Kind } from '../objects/kinds.ts';
import type { ObjectKey, OwnerReference } from '../objects/meta.ts';

export interface Dependent extends ObjectKey {
  readonly objectKind: Kind;
  readonly uid: string;
  readonly resourceVersion: string;
}

export interface DeleteDependents {
  readonly kind: 'delete-dependents';
  /** All of the dependents' owners, absent as far as the cache knows. */
  readonly owners: readonly OwnerReference[];
  readonly namespace: string;
  readonly dependents: readonly Dependent[];
}

export type GarbageCollectorAction = DeleteDependents;
