/**
 * Decides for one owner, there or gone, what becomes of the objects that name it, and when it may go itself. Pure.
 * https://kubernetes.io/docs/concepts/architecture/garbage-collection/#cascading-deletion; the cases are those of upstream's
 * attemptToDeleteItem and attemptToOrphan (pkg/controller/garbagecollector).
 */
import type { Plan } from '../kit/reconciler.ts';
import type { AnyObject } from '../objects/kinds.ts';
import { keyOf, PROPAGATION_FINALIZERS } from '../objects/meta.ts';
import type {
  DeleteDependents,
  GarbageCollectorAction,
  RemoveReferences,
  SeenObject,
  UnblockOwners,
} from './actions.ts';
import { isOrphaning, isWaiting, type ObservedDependent, type ObservedDependents } from './observe.ts';

export function plan(owner: AnyObject | undefined, { dependents }: ObservedDependents): Plan<GarbageCollectorAction> {
  if (owner !== undefined && isOrphaning(owner)) return planOrphaning(owner, dependents);
  const rest = planDependents(dependents);
  if (owner === undefined || !isWaiting(owner)) return rest;

  const blocking = dependents.filter(({ object }) => blocks(object, owner));
  if (blocking.length === 0) {
    const removal = removeFinalizer(owner, PROPAGATION_FINALIZERS.Foreground);
    return { actions: [...rest.actions, removal], because: `nothing holds ${describe(owner)} any more` };
  }
  return { actions: rest.actions, because: `${describe(owner)} waits for ${blocking.length} to be deleted` };
}

/** The references go first: an owner that is gone takes with it whatever still names it. */
function planOrphaning(owner: AnyObject, dependents: readonly ObservedDependent[]): Plan<GarbageCollectorAction> {
  if (dependents.length === 0) {
    const removal = removeFinalizer(owner, PROPAGATION_FINALIZERS.Orphan);
    return { actions: [removal], because: `nothing names ${describe(owner)} any more` };
  }
  const ownerUids = [owner.metadata.uid];
  return {
    actions: references(dependents.map(({ object }) => ({ ...seen(object), ownerUids }))),
    because: `${describe(owner)} is deleted and leaves ${dependents.length} behind that live on`,
  };
}

function planDependents(dependents: readonly ObservedDependent[]): Plan<GarbageCollectorAction> {
  const [shared, unowned] = partition(dependents, ({ owners }) => owners.includes('solid'));
  const stale = shared.filter(({ owners }) => owners.some((state) => state !== 'solid'));
  const garbage = unowned.filter(({ object }) => object.metadata.deletionTimestamp === undefined);
  const [inForeground, atOnce] = partition(
    garbage,
    ({ owners, dependents: own }) => owners.includes('waiting') && own !== 'none',
  );
  const circular = inForeground.filter(
    ({ object, dependents: own }) =>
      own === 'waiting' && object.metadata.ownerReferences?.some(({ blockOwnerDeletion }) => blockOwnerDeletion),
  );
  const actions: GarbageCollectorAction[] = [
    ...references(stale.map((each) => ({ ...seen(each.object), ownerUids: lostOwners(each) }))),
    ...unblocking(circular),
    ...deletions(
      inForeground.filter((each) => !circular.includes(each)),
      'Foreground',
    ),
    ...deletions(atOnce),
  ];
  if (actions.length === 0) return { actions, because: 'every object has an owner that exists, or is going' };
  return { actions, because: describeLoss(garbage, stale) };
}

function references(dependents: RemoveReferences['dependents']): RemoveReferences[] {
  return dependents.length === 0 ? [] : [{ kind: 'remove-references', dependents }];
}

/** They are deleted on the next look. */
function unblocking(dependents: readonly ObservedDependent[]): UnblockOwners[] {
  return dependents.length === 0
    ? []
    : [{ kind: 'unblock-owners', dependents: dependents.map(({ object }) => seen(object)) }];
}

function deletions(
  dependents: readonly ObservedDependent[],
  propagationPolicy?: DeleteDependents['propagationPolicy'],
): DeleteDependents[] {
  const byNamespace = Map.groupBy(dependents, ({ object }) => object.metadata.namespace ?? '');
  return [...byNamespace].map(([namespace, group]) => {
    const owners = group.flatMap(({ object }) => object.metadata.ownerReferences ?? []);
    return {
      kind: 'delete-dependents',
      owners: [...new Map(owners.map((owner) => [owner.uid, owner])).values()],
      namespace,
      ...(propagationPolicy && { propagationPolicy }),
      dependents: group.map(({ object }) => seen(object)),
    };
  });
}

function removeFinalizer(owner: AnyObject, finalizer: string): GarbageCollectorAction {
  return { kind: 'remove-finalizer', owner: seen(owner), finalizer };
}

function lostOwners({ object, owners }: ObservedDependent): string[] {
  return (object.metadata.ownerReferences ?? []).filter((_, i) => owners[i] !== 'solid').map(({ uid }) => uid);
}

function blocks({ metadata }: AnyObject, owner: AnyObject): boolean {
  const own = metadata.ownerReferences?.filter(({ uid }) => uid === owner.metadata.uid) ?? [];
  return own.some(({ blockOwnerDeletion }) => blockOwnerDeletion === true);
}

function describeLoss(garbage: readonly ObservedDependent[], stale: readonly ObservedDependent[]): string {
  const first = garbage[0] ?? stale[0];
  const lost = first?.owners.findIndex((state) => state !== 'solid') ?? -1;
  const owner = first?.object.metadata.ownerReferences?.[lost];
  const going = first?.owners[lost] === 'waiting' ? 'is going' : 'is gone';
  const kept =
    garbage.length === 0 ? `, and ${stale.length} that others own too` : ` and has left ${garbage.length} behind`;
  return `${owner?.kind} "${owner?.name}" ${going}${kept}`;
}

function describe({ kind, metadata }: AnyObject): string {
  return `${kind} "${metadata.name}"`;
}

function seen(object: AnyObject): SeenObject {
  const { uid, resourceVersion } = object.metadata;
  return { objectKind: object.kind, ...keyOf(object), uid, resourceVersion };
}

function partition<T>(items: readonly T[], matches: (item: T) => boolean): [T[], T[]] {
  return [items.filter(matches), items.filter((item) => !matches(item))];
}
