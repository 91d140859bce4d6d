/** Empties a Terminating namespace, waits until what stops gracefully has stopped, then takes its own finalizer away. Pure. */
import type { Plan } from '../kit/reconciler.ts';
import type { Namespace } from '../objects/cluster.ts';
import { NAMESPACE_FINALIZER } from '../objects/kinds/namespace.ts';
import { keyOf } from '../objects/meta.ts';
import { CONTENT_KINDS, type NamespaceAction } from './actions.ts';
import type { ObservedContent } from './observe.ts';

export function plan(namespace: Namespace | undefined, content: ObservedContent): Plan<NamespaceAction> {
  if (namespace === undefined) return { actions: [], because: 'the namespace is gone' };
  const { name, deletionTimestamp, resourceVersion } = namespace.metadata;
  if (deletionTimestamp === undefined) return { actions: [], because: 'the namespace is in use' };

  const deletions = CONTENT_KINDS.flatMap((contentKind): NamespaceAction[] => {
    const living = (content[contentKind] ?? []).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (living.length === 0) return [];
    const objects = living.map((object) => ({ ...keyOf(object), uid: object.metadata.uid }));
    return [{ kind: 'delete-content', contentKind, objects }];
  });
  const left = CONTENT_KINDS.flatMap((kind) => content[kind] ?? []).length;
  if (deletions.length > 0) return { actions: deletions, because: `${left} left to delete` };
  if (left > 0) return { actions: [], because: `${left} still stopping` };
  if (namespace.spec.finalizers?.includes(NAMESPACE_FINALIZER) !== true) {
    return { actions: [], because: "the namespace is empty and waits for others' finalizers" };
  }
  return {
    actions: [
      { kind: 'delete-events', namespace: name },
      { kind: 'finalize', namespace: name, resourceVersion },
    ],
    because: 'the namespace is empty',
  };
}
