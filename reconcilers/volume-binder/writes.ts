/** The actions of both plans, each only where it changes something. Pure. */
import { equalJson, type Json } from '../objects/json.ts';
import type { PersistentVolume } from '../objects/kinds/persistent-volume.ts';
import type { PersistentVolumeClaim } from '../objects/kinds/persistent-volume-claim.ts';
import { PROTECTION } from '../objects/kinds/storage-protection.ts';
import { keyOf } from '../objects/meta.ts';
import type { Announcement, Seen, VolumeBinderAction } from './actions.ts';

export function seen({ metadata }: PersistentVolumeClaim | PersistentVolume): Seen {
  return { ...keyOf({ metadata }), uid: metadata.uid, resourceVersion: metadata.resourceVersion };
}

export function reportClaim(
  claim: PersistentVolumeClaim,
  status: PersistentVolumeClaim['status'],
): VolumeBinderAction[] {
  return same(claim.status, status) ? [] : [{ kind: 'report-claim', claim: seen(claim), status }];
}

/** Since when it is so is written by whoever writes it. */
export function reportVolume(volume: PersistentVolume, status: PersistentVolume['status']): VolumeBinderAction[] {
  const { lastPhaseTransitionTime: _since, ...before } = volume.status;
  return same(before, status) ? [] : [{ kind: 'report-volume', volume: seen(volume), status }];
}

/** Once: a sentence that people were told last is not said again. */
export function announce(
  about: PersistentVolumeClaim | PersistentVolume,
  event: Announcement | undefined,
  announced: Announcement | undefined,
): VolumeBinderAction[] {
  return event === undefined || same(event, announced) ? [] : [{ kind: 'announce', about: seen(about), event }];
}

/** The finalizers as they are to be; undefined where they are so. */
export function protection(
  { kind, metadata }: PersistentVolumeClaim | PersistentVolume,
  isInUse: boolean,
): string[] | undefined {
  const finalizer = PROTECTION[kind];
  const { finalizers = [], deletionTimestamp } = metadata;
  const isProtected = finalizers.includes(finalizer);
  if (deletionTimestamp === undefined) return isProtected ? undefined : [...finalizers, finalizer];
  return isProtected && !isInUse ? finalizers.filter((each) => each !== finalizer) : undefined;
}

function same(a: object, b: object | undefined): boolean {
  return equalJson(a as unknown as Json, b as unknown as Json | undefined);
}
