/**
 * Kubernetes' rules of deletion: what a DELETE makes of an object (marked, or gone), and when a marked one may go. Pure; the
 * registry carries it out. https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/
 */
import type { Kind, ObjectOf } from '../../objects/kinds.ts';
import { toTimestamp } from '../../objects/meta.ts';
import { isPodTerminal } from '../../objects/pod.ts';
import type { DeleteOptions } from '../../ports/object-client.ts';

/** The object as a DELETE leaves it, or `remove`. A second DELETE can only shorten the grace period. */
export function markedForDeletion<K extends Kind>(
  kind: K,
  current: ObjectOf<K>,
  options: DeleteOptions,
  now: number,
): ObjectOf<K> | 'remove' {
  const grace = graceSeconds(kind, current, options);
  const mustWait = grace > 0 || hasFinalizers(current);
  if (!mustWait) return 'remove';

  const already = current.metadata.deletionGracePeriodSeconds;
  if (current.metadata.deletionTimestamp !== undefined && (already ?? 0) <= grace) return current;
  const marked = {
    ...current,
    metadata: {
      ...current.metadata,
      deletionTimestamp: toTimestamp(now + grace * 1000),
      deletionGracePeriodSeconds: grace,
    },
  };
  return current.kind === 'Namespace' ? { ...marked, status: { phase: 'Terminating' } } : marked;
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
