/**
 * Plans one volume of this node. What a claim wrote is removed only when the claim is gone, the volume says Delete, no pod has it, and
 * the volume is marked: whoever wants to keep it has until then. Pure.
 */
import type { Plan } from '../kit/reconciler.ts';
import type { PersistentVolume } from '../objects/kinds/persistent-volume.ts';
import type { PersistentVolumeClaim } from '../objects/kinds/persistent-volume-claim.ts';
import type { StorageClass } from '../objects/kinds/storage-class.ts';
import { matchesNodeSelector } from '../objects/node-selector.ts';
import {
  annotationOf,
  LOCAL_PROVISIONER,
  PROVISIONED_BY,
  PROVISIONER_FINALIZER,
  SELECTED_NODE,
  STORAGE_PROVISIONER,
} from '../objects/volume-binding.ts';
import type { LocalProvisionerAction, ObservedIdentity } from './actions.ts';
import type { ObservedFolder } from './observe.ts';
import { wantedVolume } from './wanted.ts';

/** A pod's end is told by its object, its mounts go a moment before or after. */
const MOUNTED_AGAIN_MS = 2_000;

export function plan(claim: PersistentVolumeClaim | undefined, observed: ObservedFolder): Plan<LocalProvisionerAction> {
  const { node, volume } = observed;
  if (node === undefined) return { actions: [], because: 'the node is not registered yet' };
  if (volume === undefined) return planWithoutVolume(claim, observed);
  const isOwn =
    annotationOf(volume, PROVISIONED_BY) === LOCAL_PROVISIONER &&
    volume.spec.local?.path === observed.path &&
    matchesNodeSelector(volume.spec.nodeAffinity?.required, node);
  if (!isOwn) return { actions: [], because: 'the volume is not of this node' };
  return planVolume(claim, volume, observed);
}

function planWithoutVolume(
  claim: PersistentVolumeClaim | undefined,
  observed: ObservedFolder,
): Plan<LocalProvisionerAction> {
  const { node, storageClass, folder, name, path } = observed;
  if (claim === undefined || node === undefined || !isAskedFor(claim, node.name)) {
    if (folder !== 'empty') return { actions: [], because: 'no claim is to have its volume here' };
    return { actions: [{ kind: 'remove-empty-folder', volume: name }], because: 'nobody wants the folder any more' };
  }
  if (storageClass === undefined) return { actions: [], because: 'the class of the claim is gone' };
  const refusal = refusalOf(claim, storageClass);
  if (refusal !== undefined) {
    const message = `failed to provision volume with StorageClass "${storageClass.metadata.name}": ${refusal}`;
    const isTold = observed.refused === message;
    return { actions: isTold ? [] : [{ kind: 'refuse-claim', claim: identity(claim), message }], because: message };
  }
  return {
    actions: [
      ...(folder === 'absent' ? [{ kind: 'make-folder', volume: name } as const] : []),
      { kind: 'create-volume', claim: identity(claim), volume: wantedVolume(claim, storageClass, node, path) },
    ],
    because: `claim ${claim.metadata.namespace}/${claim.metadata.name} is to have its volume on this node`,
  };
}

function planVolume(
  claim: PersistentVolumeClaim | undefined,
  volume: PersistentVolume,
  { folder, name, mountedBy }: ObservedFolder,
): Plan<LocalProvisionerAction> {
  const { metadata, spec, status } = volume;
  const isGoing = metadata.deletionTimestamp !== undefined;
  const isUnwanted = claim === undefined || (Boolean(claim.spec.volumeName) && claim.spec.volumeName !== metadata.name);
  const isDue = isUnwanted && status.phase === 'Released' && spec.persistentVolumeReclaimPolicy === 'Delete';
  if (isDue && mountedBy.length > 0) {
    const because = `pod ${mountedBy[0]} still has it`;
    return { actions: [], because, checkAgainAfterMs: MOUNTED_AGAIN_MS };
  }
  if (isDue && !isGoing) {
    const { resourceVersion } = metadata;
    const because = 'no claim has it any more, and it is to be deleted then';
    return { actions: [{ kind: 'delete-volume', volume: identity(volume), resourceVersion }], because };
  }
  if (!isGoing || status.phase === 'Bound' || !(metadata.finalizers ?? []).includes(PROVISIONER_FINALIZER)) {
    return { actions: [], because: isGoing ? 'it goes when no claim has it' : 'it is in place' };
  }
  // Somebody deletes a volume that is not due: what it holds is theirs.
  if (!isDue) {
    return {
      actions: [{ kind: 'release-volume', volume: identity(volume) }],
      because: 'it goes, and its folder stays',
    };
  }
  return {
    actions: [
      ...(folder === 'absent' ? [] : [{ kind: 'remove-folder', volume: name } as const]),
      { kind: 'release-volume', volume: identity(volume) },
    ],
    because: 'no claim has it any more, and what is in it goes too',
  };
}

function isAskedFor(claim: PersistentVolumeClaim, nodeName: string): boolean {
  return (
    claim.metadata.deletionTimestamp === undefined &&
    !claim.spec.volumeName &&
    annotationOf(claim, STORAGE_PROVISIONER) === LOCAL_PROVISIONER &&
    annotationOf(claim, SELECTED_NODE) === nodeName
  );
}

/** What is asked of a volume, and a folder cannot be. */
function refusalOf(claim: PersistentVolumeClaim, storageClass: StorageClass): string | undefined {
  const parameters = Object.keys(storageClass.parameters ?? {});
  if (parameters.length > 0) return `${LOCAL_PROVISIONER} knows no parameters: ${parameters.join(', ')}`;
  if ((storageClass.mountOptions ?? []).length > 0)
    return `${LOCAL_PROVISIONER} makes folders, which have no mount options`;
  return claim.spec.selector === undefined ? undefined : 'claim.spec.selector is not supported';
}

function identity({ metadata }: PersistentVolumeClaim | PersistentVolume): ObservedIdentity {
  return { namespace: metadata.namespace ?? '', name: metadata.name, uid: metadata.uid };
}
