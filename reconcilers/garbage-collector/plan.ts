/** Finds what is garbage: an object all of whose owners are gone (background deletion). Pure. */
import type { Plan } from '../kit/reconciler.ts';
import { type KubeObject, keyOf } from '../objects/meta.ts';
import type { Dependent, GarbageCollectorAction } from './actions.ts';
import type { ObservedDependents } from './observe.ts';

/** https://kubernetes.io/docs/concepts/architecture/garbage-collection/#cascading-deletion */
export function plan(
  _desired: true | undefined,
  { dependents, livingOwners }: ObservedDependents,
): Plan<GarbageCollectorAction> {
  const living = new Set(livingOwners);
  const garbage = dependents.filter(
    ({ object: { metadata } }) =>
      metadata.deletionTimestamp === undefined && (metadata.ownerReferences ?? []).every(({ uid }) => !living.has(uid)),
  );
  const [first] = garbage;
  if (first === undefined) return { actions: [], because: 'every object has an owner that exists' };

  const owners = garbage.flatMap(({ object }) => object.metadata.ownerReferences ?? []);
  const distinct = [...new Map(owners.map((owner) => [owner.uid, owner])).values()];
  const [owner] = distinct;
  return {
    actions: [
      {
        kind: 'delete-dependents',
        owners: distinct,
        namespace: first.object.metadata.namespace ?? '',
        dependents: garbage.map(({ objectKind, object }) => ({ objectKind, ...seen(object) })),
      },
    ],
    because: `${owner?.kind} "${owner?.name}" is gone and has left ${garbage.length} behind`,
  };
}

function seen(object: KubeObject): Omit<Dependent, 'objectKind'> {
  return { ...keyOf(object), uid: object.metadata.uid, resourceVersion: object.metadata.resourceVersion };
}
