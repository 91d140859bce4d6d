/**
 * Plans one volume: whose it is, and what becomes of it when its claim is gone. What a node has made, that node takes away.
 * Pure. Source: pkg/controller/volume/persistentvolume (syncVolume), pvprotection.
 */
import type { Plan } from '../kit/reconciler.ts';
import type { PersistentVolume } from '../objects/kinds/persistent-volume.ts';
import { formatKey, keyOf } from '../objects/meta.ts';
import { annotationOf, BOUND_BY_CONTROLLER, PROVISIONED_BY } from '../objects/volume-binding.ts';
import type { Announcement, VolumeBinderAction } from './actions.ts';
import type { ObservedVolume } from './observe.ts';
import { announce, protection, reportVolume, seen } from './writes.ts';

export function planVolume(
  volume: PersistentVolume,
  observed: ObservedVolume,
  announced: Announcement | undefined,
): Plan<VolumeBinderAction> {
  const planned = planPhase(volume, observed, announced);
  const finalizers = protection(volume, volume.status.phase === 'Bound');
  // A volume that was bound is protected until it is said that it is not: the phase comes first.
  if (finalizers === undefined || planned.actions.length > 0) return planned;
  const isGoing = volume.metadata.deletionTimestamp !== undefined;
  return {
    actions: [{ kind: 'change-volume', volume: seen(volume), change: { finalizers } }],
    because: isGoing ? 'no claim has it' : 'it is to be there for as long as a claim has it',
  };
}

function planPhase(
  volume: PersistentVolume,
  { claim }: ObservedVolume,
  announced: Announcement | undefined,
): Plan<VolumeBinderAction> {
  const { claimRef } = volume.spec;
  if (claimRef === undefined) return phase(volume, 'Available', 'no claim has it');
  const wanted = formatKey({ namespace: claimRef.namespace ?? '', name: claimRef.name ?? '' });
  if ((claimRef.uid ?? '') === '') return phase(volume, 'Available', `it is kept for claim ${wanted}`);
  if (claim === undefined || claim.metadata.uid !== claimRef.uid) return planReclaim(volume, wanted, announced);
  const { volumeName = '' } = claim.spec;
  if (volumeName === volume.metadata.name) return phase(volume, 'Bound', `claim ${wanted} has it`);
  if (volumeName === '') return { actions: [], because: `claim ${wanted} is about to have it` };
  return planSuperfluous(volume, formatKey(keyOf(claim)), announced);
}

/** Its claim has got another one meanwhile. */
function planSuperfluous(
  volume: PersistentVolume,
  claim: string,
  announced: Announcement | undefined,
): Plan<VolumeBinderAction> {
  const because = `claim ${claim} has another volume`;
  if (annotationOf(volume, PROVISIONED_BY) !== undefined) return planReclaim(volume, claim, announced);
  const { claimRef } = volume.spec;
  const change =
    annotationOf(volume, BOUND_BY_CONTROLLER) === undefined
      ? { claimRef: withoutUid(claimRef) }
      : { claimRef: null, annotations: { [BOUND_BY_CONTROLLER]: null } };
  return { actions: [{ kind: 'change-volume', volume: seen(volume), change }], because };
}

function planReclaim(
  volume: PersistentVolume,
  claim: string,
  announced: Announcement | undefined,
): Plan<VolumeBinderAction> {
  const { metadata, spec } = volume;
  const released = `claim ${claim} is gone, and what it wrote is kept`;
  switch (spec.persistentVolumeReclaimPolicy) {
    case 'Retain':
      return phase(volume, 'Released', released);
    case 'Delete': {
      const provisioner = annotationOf(volume, PROVISIONED_BY);
      if (provisioner !== undefined)
        return phase(volume, 'Released', `claim ${claim} is gone; ${provisioner} deletes it`);
      const problem = `error getting deleter volume plugin for volume "${metadata.name}": no deletable volume plugin matched`;
      return failed(volume, 'VolumeFailedDelete', problem, announced);
    }
    case 'Recycle':
      return failed(volume, 'VolumeFailedRecycle', 'No recycler plugin found for the volume!', announced);
  }
}

function failed(
  volume: PersistentVolume,
  reason: string,
  message: string,
  announced: Announcement | undefined,
): Plan<VolumeBinderAction> {
  const report = reportVolume(volume, { phase: 'Failed', message });
  const event = { type: 'Warning', reason, message } as const;
  return { actions: [...report, ...announce(volume, event, announced)], because: message };
}

function phase(
  volume: PersistentVolume,
  name: PersistentVolume['status']['phase'],
  because: string,
): Plan<VolumeBinderAction> {
  return { actions: reportVolume(volume, { phase: name }), because };
}

function withoutUid({ uid: _uid, ...rest }: NonNullable<PersistentVolume['spec']['claimRef']> = {}) {
  return rest;
}
