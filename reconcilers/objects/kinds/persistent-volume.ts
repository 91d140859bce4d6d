/** v1 PersistentVolume: a path of a node (`local`, `hostPath`), made by a node for a claim or declared by hand. */
import { defaultObject, isEmpty, setDefault } from '../defaulting.ts';
import { type FieldError, forbidden, invalid, required } from '../field-error.ts';
import { equalJson, type Json, type JsonObject, objectAt, textOf } from '../json.ts';
import type { KubeObject, Timestamp } from '../meta.ts';
import { dnsSubdomain } from '../name-formats.ts';
import { type NodeSelector, validateNodeSelector } from '../node-selector.ts';
import { compareQuantities } from '../quantity.ts';
import { validateNoBacksteps } from '../validation-file-sources.ts';
import { oneOf } from '../validation-pod.ts';
import { validateHostPath } from '../validation-volumes.ts';
import type { HostPathVolumeSource } from '../volumes.ts';
import { AGE, NAME } from './common-columns.ts';
import { defineKind } from './entry.ts';
import { protect } from './storage-protection.ts';
import {
  type AccessMode,
  shownAccessModes,
  type VolumeMode,
  validateAccessModes,
  validateVolumeMode,
} from './volume-access.ts';

export interface PersistentVolume extends KubeObject {
  apiVersion: 'v1';
  kind: 'PersistentVolume';
  spec: {
    capacity: Record<string, string>;
    accessModes: AccessMode[];
    persistentVolumeReclaimPolicy: ReclaimPolicy;
    volumeMode: VolumeMode;
    storageClassName?: string;
    /** Without a uid: whoever claims under that name may have it. */
    claimRef?: ClaimReference;
    /** Which nodes have it. Absent: every one. */
    nodeAffinity?: { required?: NodeSelector };
    hostPath?: HostPathVolumeSource;
    local?: { path: string };
  };
  status: { phase: VolumePhase; reason?: string; message?: string; lastPhaseTransitionTime?: Timestamp };
}

export interface ClaimReference {
  apiVersion?: string;
  kind?: string;
  namespace?: string;
  name?: string;
  uid?: string;
}

export type ReclaimPolicy = 'Retain' | 'Delete' | 'Recycle';
export type VolumePhase = 'Pending' | 'Available' | 'Bound' | 'Released' | 'Failed';

const SOURCES = ['hostPath', 'local'] as const;

export const persistentVolumeKind = defineKind<PersistentVolume>({
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  shortNames: ['pv'],
  namespaced: false,
  hasStatus: true,
  answersDeleted: true,
  setDefaults: (volume) => {
    const spec = defaultObject(volume, 'spec');
    setDefault(spec, 'persistentVolumeReclaimPolicy', 'Retain');
    setDefault(spec, 'volumeMode', 'Filesystem');
    const hostPath = objectAt(spec, 'hostPath');
    if (hostPath !== undefined) setDefault(hostPath, 'type', '');
    setDefault(defaultObject(volume, 'status'), 'phase', 'Pending');
  },
  prepareForCreate: (volume) => protect(volume, 'PersistentVolume'),
  validate: validateVolume,
  validateUpdate: validateVolumeUpdate,
  columns: [
    NAME,
    { name: 'Capacity', cell: ({ spec }) => spec.capacity.storage ?? '' },
    { name: 'Access Modes', cell: ({ spec }) => shownAccessModes(spec.accessModes) },
    { name: 'Reclaim Policy', cell: ({ spec }) => spec.persistentVolumeReclaimPolicy },
    { name: 'Status', cell: ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : status.phase) },
    { name: 'Claim', cell: ({ spec: { claimRef } }) => (claimRef ? `${claimRef.namespace}/${claimRef.name}` : '') },
    { name: 'StorageClass', cell: ({ spec }) => spec.storageClassName ?? '' },
    { name: 'Reason', cell: ({ status }) => status.reason ?? '' },
    AGE,
    { name: 'VolumeMode', wide: true, cell: ({ spec }) => spec.volumeMode },
  ],
});

function validateVolume(volume: JsonObject): FieldError[] {
  const spec = objectAt(volume, 'spec') ?? {};
  const storage = textOf(objectAt(spec, 'capacity')?.storage);
  const className = textOf(spec.storageClassName);
  return [
    ...validateAccessModes(spec.accessModes),
    ...(storage === '' ? [required('spec.capacity')] : []),
    ...(storage !== '' && compareQuantities(storage, '0') <= 0
      ? [invalid('spec.capacity[storage]', storage, 'must be greater than zero')]
      : []),
    ...validateSource(spec),
    ...oneOf(spec.persistentVolumeReclaimPolicy, ['Retain', 'Delete', 'Recycle'], 'spec.persistentVolumeReclaimPolicy'),
    ...validateVolumeMode(spec.volumeMode),
    ...(className === ''
      ? []
      : dnsSubdomain(className).map((text) => invalid('spec.storageClassName', className, text))),
    ...validateClaimRef(objectAt(spec, 'claimRef')),
  ];
}

function validateSource(spec: JsonObject): FieldError[] {
  const given = SOURCES.filter((source) => !isEmpty(spec[source]));
  const [first, second] = given;
  if (first === undefined) return [required('spec', 'must specify a volume type')];
  const selector = objectAt(objectAt(spec, 'nodeAffinity'), 'required');
  const errors = selector === undefined ? [] : validateNodeSelector(selector, 'spec.nodeAffinity.required');
  if (second !== undefined) {
    errors.push(forbidden(`spec.${second}`, 'may not specify more than 1 volume type'));
  }
  if (first === 'hostPath') return [...errors, ...validateHostPath(objectAt(spec, 'hostPath') ?? {}, 'spec.hostPath')];
  const path = textOf(objectAt(spec, 'local')?.path);
  if (path === '') errors.push(required('spec.local.path'));
  else errors.push(...validateNoBacksteps(path, 'spec.local.path'));
  if (selector === undefined) errors.push(required('spec.nodeAffinity', 'Local volume requires node affinity'));
  return errors;
}

function validateClaimRef(claimRef: JsonObject | undefined): FieldError[] {
  if (claimRef === undefined) return [];
  return ['name', 'namespace']
    .filter((field) => textOf(claimRef[field]) === '')
    .map((field) => required(`spec.claimRef.${field}`));
}

function validateVolumeUpdate(next: JsonObject, previous: JsonObject): FieldError[] {
  const [after, before] = [objectAt(next, 'spec') ?? {}, objectAt(previous, 'spec') ?? {}];
  const errors: FieldError[] = [];
  if (SOURCES.some((source) => !isSame(after[source], before[source]))) {
    errors.push(forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation'));
  }
  if (!isSame(after.volumeMode, before.volumeMode)) {
    errors.push(invalid('spec.volumeMode', after.volumeMode, 'field is immutable'));
  }
  // It may be said once it was not: the pods that have the volume are then known to be where it is.
  if (!isEmpty(before.nodeAffinity) && !isSame(after.nodeAffinity, before.nodeAffinity)) {
    errors.push(invalid('spec.nodeAffinity', after.nodeAffinity, 'field is immutable'));
  }
  return errors;
}

function isSame(a: Json | undefined, b: Json | undefined): boolean {
  return (isEmpty(a) && isEmpty(b)) || equalJson(a, b);
}
