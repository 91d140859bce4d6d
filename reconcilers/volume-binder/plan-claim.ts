/**
 * Plans one claim: the volume it gets, or who is asked to make one, or why it waits; and when a deleted one may go. The volume is
 * written first, so that no two claims ever get one. Pure. Source: pkg/controller/volume/persistentvolume (syncClaim), pvcprotection.
 */
import type { Plan } from '../kit/reconciler.ts';
import type { PersistentVolume } from '../objects/kinds/persistent-volume.ts';
import type { PersistentVolumeClaim } from '../objects/kinds/persistent-volume-claim.ts';
import { NO_PROVISIONER, type StorageClass } from '../objects/kinds/storage-class.ts';
import { compareQuantities } from '../objects/quantity.ts';
import {
  annotationOf,
  BIND_COMPLETED,
  BOUND_BY_CONTROLLER,
  findVolume,
  isFullyBound,
  isKeptFor,
  LOCAL_PROVISIONER,
  mismatch,
  PROVISIONED_BY,
  SELECTED_NODE,
  STORAGE_PROVISIONER,
  waitsForConsumer,
} from '../objects/volume-binding.ts';
import type { Announcement, ClaimChange, VolumeBinderAction } from './actions.ts';
import type { ObservedClaim } from './observe.ts';
import { announce, protection, reportClaim, reportVolume, seen } from './writes.ts';

type Claim = PersistentVolumeClaim;

export function planClaim(
  claim: Claim,
  observed: ObservedClaim,
  announced: Announcement | undefined,
): Plan<VolumeBinderAction> {
  const finalizers = protection(claim, observed.users.length > 0);
  if (finalizers !== undefined) return change(claim, { finalizers }, protectionReason(claim));
  if (annotationOf(claim, BIND_COMPLETED) !== undefined) return planBound(claim, observed, announced);
  if (claim.metadata.deletionTimestamp !== undefined) return { actions: [], because: goesLater(observed) };
  const { storageClass } = observed;
  if (claim.spec.storageClassName === undefined && storageClass !== undefined && !claim.spec.volumeName) {
    const storageClassName = storageClass.metadata.name;
    return change(claim, { storageClassName }, `it names no class, and ${storageClassName} is the default`);
  }
  return claim.spec.volumeName ? planNamed(claim, observed, announced) : planUnbound(claim, observed, announced);
}

function planBound(claim: Claim, { volumes }: ObservedClaim, announced: Announcement | undefined) {
  const volume = volumes.find(({ metadata }) => metadata.name === claim.spec.volumeName);
  if (volume === undefined || !isFullyBound(claim)) {
    return lost(
      claim,
      'ClaimLost',
      'Bound claim has lost its PersistentVolume. Data on the volume is lost!',
      announced,
    );
  }
  if (volume.spec.claimRef === undefined) return bind(claim, volume);
  if (!isKeptFor(volume, claim)) {
    const message = 'Two claims are bound to the same volume, this one is bound incorrectly';
    return lost(claim, 'ClaimMisbound', message, announced);
  }
  const wanted = claim.spec.resources.requests.storage ?? '0';
  const isTooSmall = compareQuantities(volume.spec.capacity.storage ?? '0', wanted) < 0;
  if (isTooSmall && annotationOf(volume, PROVISIONED_BY) === LOCAL_PROVISIONER) {
    const grown: VolumeBinderAction = { kind: 'change-volume', volume: seen(volume), change: { storage: wanted } };
    return { actions: [grown], because: `it asks for ${wanted} by now` };
  }
  const { capacity, accessModes } = volume.spec;
  const actions = reportClaim(claim, { phase: 'Bound', accessModes, capacity });
  return { actions, because: `it has volume ${volume.metadata.name}` };
}

/** It asks for one volume by name. */
function planNamed(claim: Claim, { volumes }: ObservedClaim, announced: Announcement | undefined) {
  const { volumeName } = claim.spec;
  const volume = volumes.find(({ metadata }) => metadata.name === volumeName);
  if (volume === undefined) return wait(claim, warning('FailedBinding', `volume "${volumeName}" not found`), announced);
  if (volume.spec.claimRef !== undefined) {
    if (isKeptFor(volume, claim)) return bind(claim, volume);
    const message = `volume "${volumeName}" already bound to a different claim.`;
    return wait(claim, warning('FailedBinding', message), announced);
  }
  const problem = mismatch(claim, volume);
  if (problem === undefined) return bind(claim, volume);
  const message = `Cannot bind to requested volume "${volumeName}": ${problem}`;
  return wait(claim, warning('VolumeMismatch', message), announced);
}

/** It takes whichever fits, or one that is made for it. */
function planUnbound(claim: Claim, observed: ObservedClaim, announced: Announcement | undefined) {
  const { storageClass, volumes, node } = observed;
  const isDelayed = waitsForConsumer(storageClass);
  const selected = annotationOf(claim, SELECTED_NODE);
  const candidates = isDelayed && node === undefined ? volumes.filter((volume) => isKeptFor(volume, claim)) : volumes;
  const volume = findVolume(claim, candidates, node);
  if (volume !== undefined) return bind(claim, volume);

  const { storageClassName = '' } = claim.spec;
  if (storageClassName === '') {
    const message = 'no persistent volumes available for this claim and no storage class is set';
    return wait(claim, normal('FailedBinding', message), announced);
  }
  if (storageClass === undefined) {
    const message = `storageclass.storage.k8s.io "${storageClassName}" not found`;
    return wait(claim, warning('ProvisioningFailed', message), announced);
  }
  if (isDelayed && selected === undefined) return planDelayed(claim, observed, announced);
  if (isDelayed && node === undefined) return selectAgain(claim, `node ${selected} is gone`);
  return planProvisioning(claim, storageClass, node !== undefined, announced);
}

/** Nothing is decided before a pod that uses it has a node. */
function planDelayed(claim: Claim, { userNode, waiting }: ObservedClaim, announced: Announcement | undefined) {
  // Of a pod that names its node itself, past the scheduler.
  if (userNode !== undefined) {
    return change(claim, { annotations: { [SELECTED_NODE]: userNode } }, `its pod is on node ${userNode}`);
  }
  const [pod] = waiting;
  const event =
    pod === undefined
      ? normal('WaitForFirstConsumer', 'waiting for first consumer to be created before binding')
      : normal('WaitForPodScheduled', `waiting for pod ${pod} to be scheduled`);
  return wait(claim, event, announced);
}

function planProvisioning(
  claim: Claim,
  { provisioner, volumeBindingMode, metadata }: StorageClass,
  isSelected: boolean,
  announced: Announcement | undefined,
) {
  if (provisioner === NO_PROVISIONER) {
    if (isSelected) return selectAgain(claim, 'no volume is left on the node that was selected');
    const message = `no persistent volumes available for this claim, and class "${metadata.name}" makes none`;
    return wait(claim, normal('FailedBinding', message), announced);
  }
  if (provisioner === LOCAL_PROVISIONER && volumeBindingMode === 'Immediate') {
    const message =
      `class "${metadata.name}" says volumeBindingMode: Immediate, and ${LOCAL_PROVISIONER} makes volumes on the node of ` +
      'their first pod: use WaitForFirstConsumer';
    return wait(claim, warning('ProvisioningFailed', message), announced);
  }
  if (annotationOf(claim, STORAGE_PROVISIONER) !== provisioner) {
    return change(
      claim,
      { annotations: { [STORAGE_PROVISIONER]: provisioner } },
      `${provisioner} is to make its volume`,
    );
  }
  const message =
    `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system ` +
    'administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.';
  return wait(claim, normal('ExternalProvisioning', message), announced);
}

/** The volume is kept for the claim first, then the claim names it; what is left of it after a crash is done by the next look. */
function bind(claim: Claim, volume: PersistentVolume): Plan<VolumeBinderAction> {
  const { namespace, name, uid } = claim.metadata;
  const actions: VolumeBinderAction[] = [];
  const { claimRef } = volume.spec;
  if (claimRef?.uid !== uid) {
    actions.push({
      kind: 'change-volume',
      volume: seen(volume),
      change: {
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...(namespace && { namespace }), name, uid },
        ...(claimRef === undefined && { annotations: { [BOUND_BY_CONTROLLER]: 'yes' } }),
      },
    });
  } else if (volume.status.phase !== 'Bound') {
    actions.push(...reportVolume(volume, { phase: 'Bound' }));
  } else {
    const isAsked = Boolean(claim.spec.volumeName);
    const annotations = { [BIND_COMPLETED]: 'yes', ...(!isAsked && { [BOUND_BY_CONTROLLER]: 'yes' }) };
    const volumeName = volume.metadata.name;
    actions.push({ kind: 'change-claim', claim: seen(claim), change: { volumeName, annotations } });
  }
  return { actions, because: `volume ${volume.metadata.name} is for it` };
}

function lost(claim: Claim, reason: string, message: string, announced: Announcement | undefined) {
  const report = reportClaim(claim, { phase: 'Lost' });
  return { actions: [...report, ...announce(claim, warning(reason, message), announced)], because: message };
}

function wait(claim: Claim, event: Announcement, announced: Announcement | undefined): Plan<VolumeBinderAction> {
  const report = reportClaim(claim, { phase: 'Pending' });
  return { actions: [...report, ...announce(claim, event, announced)], because: event.message };
}

function selectAgain(claim: Claim, because: string): Plan<VolumeBinderAction> {
  return change(claim, { annotations: { [SELECTED_NODE]: null } }, because);
}

function change(claim: Claim, what: ClaimChange, because: string): Plan<VolumeBinderAction> {
  return { actions: [{ kind: 'change-claim', claim: seen(claim), change: what }], because };
}

function protectionReason({ metadata }: Claim): string {
  return metadata.deletionTimestamp === undefined
    ? 'it is to be there for as long as pods use it'
    : 'no pod uses it any more';
}

function goesLater({ users }: ObservedClaim): string {
  return users.length === 0 ? 'it is going' : `it goes when pod ${users[0]} is gone`;
}

function normal(reason: string, message: string): Announcement {
  return { type: 'Normal', reason, message };
}

function warning(reason: string, message: string): Announcement {
  return { type: 'Warning', reason, message };
}
