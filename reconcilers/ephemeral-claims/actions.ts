/** What the ephemeral-claims loop can do: make a claim for a pod. */
import type { PersistentVolumeClaim } from '../objects/kinds/persistent-volume-claim.ts';
import type { Draft } from '../objects/meta.ts';

export type EphemeralClaimsAction = { readonly kind: 'create-claim'; readonly claim: Draft<PersistentVolumeClaim> };
