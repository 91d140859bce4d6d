/** What the local-provisioner can do: make a claim's folder and its volume, and take both away again. */
import type { PersistentVolume } from '../objects/kinds/persistent-volume.ts';
import type { Draft, ObjectKey } from '../objects/meta.ts';

export type LocalProvisionerAction =
  | { readonly kind: 'make-folder'; readonly volume: string }
  | { readonly kind: 'create-volume'; readonly claim: ObservedIdentity; readonly volume: Draft<PersistentVolume> }
  /** Decides that what it holds goes: from then on it is nobody's any more. */
  | { readonly kind: 'delete-volume'; readonly volume: ObservedIdentity; readonly resourceVersion: string }
  | { readonly kind: 'remove-folder'; readonly volume: string }
  /** What never held anything. */
  | { readonly kind: 'remove-empty-folder'; readonly volume: string }
  | { readonly kind: 'release-volume'; readonly volume: ObservedIdentity }
  | { readonly kind: 'refuse-claim'; readonly claim: ObservedIdentity; readonly message: string };

export interface ObservedIdentity extends ObjectKey {
  readonly uid: string;
}
