/**
 * How claims and volumes come together: the annotations by which that is known, and which volume a claim may have. The volume-binder,
 * the scheduler and the nodes all ask here. Pure. Source: pkg/controller/volume/persistentvolume, component-helpers/storage/volume
 */
import type { PersistentVolume } from './kinds/persistent-volume.ts';
import type { PersistentVolumeClaim } from './kinds/persistent-volume-claim.ts';
import type { StorageClass } from './kinds/storage-class.ts';
import { matchesNodeSelector, type SelectedNode } from './node-selector.ts';
import { compareQuantities } from './quantity.ts';
import { matchesSelectorTerms } from './selector-terms.ts';

/** What makes the volumes of the class `local`: the node of the first pod. */
export const LOCAL_PROVISIONER = 'sampan.dev/local';

/** On a claim: it has its volume for good. */
export const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';
/** On either: the other was found for it, nobody asked for that one. */
export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';
/** On a volume that was made for its claim: by what. */
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';
/** On a claim: what is to make its volume, as there is none for it. */
export const STORAGE_PROVISIONER = 'volume.kubernetes.io/storage-provisioner';
/** On a claim that waits for its first pod: the node of that pod. */
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
/** On a volume that was made for its claim: it goes when what it holds is dealt with. */
export const PROVISIONER_FINALIZER = 'external-provisioner.volume.kubernetes.io/finalizer';

export function annotationOf(
  { metadata }: PersistentVolume | PersistentVolumeClaim,
  annotation: string,
): string | undefined {
  return metadata.annotations?.[annotation] || undefined;
}

export function isFullyBound(claim: PersistentVolumeClaim): boolean {
  return annotationOf(claim, BIND_COMPLETED) !== undefined && (claim.spec.volumeName ?? '') !== '';
}

/** Whether the volume is kept for this very claim. */
export function isKeptFor({ spec: { claimRef } }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  if (claimRef?.name !== metadata.name || claimRef.namespace !== metadata.namespace) return false;
  return (claimRef.uid ?? '') === '' || claimRef.uid === metadata.uid;
}

/** Whether the claim's volume is chosen only when its first pod has a node. */
export function waitsForConsumer(storageClass: StorageClass | undefined): boolean {
  return storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
}

/** Why the claim cannot have the volume, in Kubernetes' words; undefined where it can. */
export function mismatch({ spec: wanted }: PersistentVolumeClaim, { spec }: PersistentVolume): string | undefined {
  if (compareQuantities(spec.capacity.storage ?? '0', wanted.resources.requests.storage ?? '0') < 0) {
    return 'requested PV is too small';
  }
  if ((wanted.storageClassName ?? '') !== (spec.storageClassName ?? '')) return 'storageClassName does not match';
  if (wanted.volumeMode !== spec.volumeMode) return 'incompatible volumeMode';
  return wanted.accessModes.every((mode) => spec.accessModes.includes(mode)) ? undefined : 'incompatible accessMode';
}

/**
 * The best of `volumes` for a claim that names none: one that is kept for it, else the smallest that is free and large enough. On
 * `node`, where one is given.
 */
export function findVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  node?: SelectedNode,
): PersistentVolume | undefined {
  const fits = volumes.filter(
    (volume) =>
      volume.metadata.deletionTimestamp === undefined &&
      mismatch(claim, volume) === undefined &&
      (node === undefined || matchesNodeSelector(volume.spec.nodeAffinity?.required, node)),
  );
  const kept = fits.find((volume) => isKeptFor(volume, claim));
  if (kept !== undefined) return kept;
  const { selector } = claim.spec;
  const [best] = fits
    .filter(({ spec, metadata, status }) => {
      const isFree = spec.claimRef === undefined && status.phase === 'Available';
      return isFree && (selector === undefined || matchesSelectorTerms(selector, metadata.labels));
    })
    .sort(bySizeAndName);
  return best;
}

function bySizeAndName(a: PersistentVolume, b: PersistentVolume): number {
  const bySize = compareQuantities(a.spec.capacity.storage ?? '0', b.spec.capacity.storage ?? '0');
  return bySize || (a.metadata.name < b.metadata.name ? -1 : 1);
}
