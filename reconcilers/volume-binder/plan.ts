/** Plans one claim or one volume; each side only writes what it can say of itself, and both of them what joins them. Pure. */
import type { Plan } from '../kit/reconciler.ts';
import type { PersistentVolume } from '../objects/kinds/persistent-volume.ts';
import type { PersistentVolumeClaim } from '../objects/kinds/persistent-volume-claim.ts';
import type { VolumeBinderAction } from './actions.ts';
import type { ObservedStorage } from './observe.ts';
import { planClaim } from './plan-claim.ts';
import { planVolume } from './plan-volume.ts';

export function plan(
  desired: PersistentVolumeClaim | PersistentVolume | undefined,
  { announced, claim, volume }: ObservedStorage,
): Plan<VolumeBinderAction> {
  if (desired?.kind === 'PersistentVolumeClaim' && claim !== undefined) return planClaim(desired, claim, announced);
  if (desired?.kind === 'PersistentVolume' && volume !== undefined) return planVolume(desired, volume, announced);
  return { actions: [], because: 'it is gone' };
}
