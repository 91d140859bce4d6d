/**
 * Kubernetes' rules of deletion: what a DELETE makes of an object (marked, or gone), and when a marked one may go. Pure; the
 * registry carries it out. https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/
 */
import type { Kind, ObjectOf } from '../../objects/kinds.ts';
import { PROPAGATION_FINALIZERS, toTimestamp } from '../../objects/meta.ts';
import { isPodTerminal } from '../../objects/pod.ts';
import type { DeleteOptions, PropagationPolicy } from '../../ports/object-client.ts';

/** The object as a DELETE leaves it, or `remove`. A second DELETE can only shorten the grace period. */
export function markedForDeletion<K extends Kind>(
  kind: K,
  current: ObjectOf<K>,
  options: DeleteOptions,
  now: number,
): ObjectOf<K> | 'remove' {
  const grace = graceSeconds(kind, current, options);
  const { finalizers: before = [], deletionTimestamp, deletionGracePeriodSeconds = 0 } = current.metadata;
  const finalizers = withPropagation(before, options.propagationPolicy);
  if (
    grace === 0 &&
    finalizers.length === 0 &&
    !hasFinalizers({ ...current, metadata: { ...current.metadata, finalizers } })
  ) {
    return 'remove';
  }
  const isSooner = deletionTimestamp === undefined || grace < deletionGracePeriodSeconds;
  const metadata = {
    ...current.metadata,
    ...(isSooner && { deletionTimestamp: toTimestamp(now + grace * 1000), deletionGracePeriodSeconds: grace }),
  };
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  const marked = { ...current, metadata };
  return current.kind === 'Namespace'
    ? ({ ...marked, status: { ...current.status, phase: 'Terminating' } } as ObjectOf<K>)
    : marked;
}

/** What becomes of dependents is the garbage collector's work; until it is done, a finalizer keeps their owner. */
function withPropagation(finalizers: readonly string[], policy: PropagationPolicy | undefined): string[] {
  if (policy === undefined) return [...finalizers];
  const ours: readonly string[] = Object.values(PROPAGATION_FINALIZERS);
  const others = finalizers.filter((finalizer) => !ours.includes(finalizer));
  return policy === 'Background' ? others : [...others, PROPAGATION_FINALIZERS[policy]];
}

/** Whether an object written so has nothing left to wait for and goes with this write. */
export function afterRemovalOf<K extends Kind>(kind: K, next: ObjectOf<K>): boolean {
  if (next.metadata.deletionTimestamp === undefined || hasFinalizers(next)) return false;
  return kind !== 'Pod' || next.metadata.deletionGracePeriodSeconds === 0;
}

function graceSeconds(kind: Kind, object: ObjectOf<Kind>, options: DeleteOptions): number {
  if (kind !== 'Pod') return 0;
  const pod = object as ObjectOf<'Pod'>;
  // Nothing runs of it: there is nobody to be graceful to.
  if (pod.spec.nodeName === undefined || isPodTerminal(pod)) return 0;
  return options.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds;
}

function hasFinalizers(object: ObjectOf<Kind>): boolean {
  const own = object.kind === 'Namespace' ? (object.spec.finalizers?.length ?? 0) : 0;
  return own + (object.metadata.finalizers?.length ?? 0) > 0;
}
