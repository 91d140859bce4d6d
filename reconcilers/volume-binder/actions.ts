/** What the volume-binder can do: write of a claim or a volume what changes, and tell people why one waits. */
import type { ClaimReference, PersistentVolume } from '../objects/kinds/persistent-volume.ts';
import type { PersistentVolumeClaim } from '../objects/kinds/persistent-volume-claim.ts';
import type { ObjectKey } from '../objects/meta.ts';

export type VolumeBinderAction =
  | { readonly kind: 'change-claim'; readonly claim: Seen; readonly change: ClaimChange }
  | { readonly kind: 'report-claim'; readonly claim: Seen; readonly status: PersistentVolumeClaim['status'] }
  | { readonly kind: 'change-volume'; readonly volume: Seen; readonly change: VolumeChange }
  | { readonly kind: 'report-volume'; readonly volume: Seen; readonly status: PersistentVolume['status'] }
  | { readonly kind: 'announce'; readonly about: Seen; readonly event: Announcement };

/** As it was observed: what was written since is looked at anew. */
export interface Seen extends ObjectKey {
  readonly uid: string;
  readonly resourceVersion: string;
}

export interface ClaimChange {
  readonly storageClassName?: string;
  readonly volumeName?: string;
  /** All of them. */
  readonly finalizers?: readonly string[];
  /** Null takes one away. */
  readonly annotations?: Readonly<Record<string, string | null>>;
}

export interface VolumeChange {
  /** Null: nobody's. */
  readonly claimRef?: ClaimReference | null;
  readonly storage?: string;
  readonly finalizers?: readonly string[];
  readonly annotations?: Readonly<Record<string, string | null>>;
}

export interface Announcement {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}
