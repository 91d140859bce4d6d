/** What the namespace loop can do: empty a namespace that is being deleted, then let it go. */
import type { ObjectKey } from '../objects/meta.ts';

/** In the order they are emptied: controllers first, so that they do not make anew what follows. */
export const CONTENT_KINDS = ['ReplicationController', 'Service', 'Endpoints', 'Pod', 'Lease'] as const;
export type ContentKind = (typeof CONTENT_KINDS)[number];

export type NamespaceAction =
  | {
      readonly kind: 'delete-content';
      readonly contentKind: ContentKind;
      readonly objects: readonly (ObjectKey & { readonly uid: string })[];
    }
  | { readonly kind: 'delete-events'; readonly namespace: string }
  | { readonly kind: 'finalize'; readonly namespace: string; readonly resourceVersion: string };
