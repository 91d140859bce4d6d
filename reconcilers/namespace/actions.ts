/** What the namespace loop can do: empty a namespace that is being deleted, then let it go. */
import { ALL_KINDS, type Kind } from '../objects/kinds.ts';
import type { ObjectKey } from '../objects/meta.ts';

export type ContentKind = Kind;

/** Their objects are made by controllers of others among them, so these go first: nothing is made anew that was deleted. */
const CONTROLLERS: readonly Kind[] = ['ReplicationController', 'Service'];

/** In the order they are emptied. Events are no kind that the cache has: they go by their own action. */
export const CONTENT_KINDS: readonly ContentKind[] = [
  ...CONTROLLERS,
  ...ALL_KINDS.filter(({ kind, namespaced, cached }) => namespaced && cached && !CONTROLLERS.includes(kind)).map(
    ({ kind }) => kind,
  ),
];

export type NamespaceAction =
  | {
      readonly kind: 'delete-content';
      readonly contentKind: ContentKind;
      readonly objects: readonly (ObjectKey & { readonly uid: string })[];
    }
  | { readonly kind: 'delete-events'; readonly namespace: string }
  | { readonly kind: 'finalize'; readonly namespace: string; readonly resourceVersion: string };
