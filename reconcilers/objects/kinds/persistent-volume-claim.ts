/** v1 PersistentVolumeClaim. The volume-binder finds or asks for its volume; a node's local-provisioner makes the folder. */
import { type ClaimSpec, defaultClaimSpec, validateClaimSpec } from '../claim-spec.ts';
import { defaultObject, isEmpty, setDefault } from '../defaulting.ts';
import { type FieldError, forbidden } from '../field-error.ts';
import { copyJson, equalJson, type JsonObject, objectAt, textOf } from '../json.ts';
import type { KubeObject } from '../meta.ts';
import { compareQuantities } from '../quantity.ts';
import { AGE, NAME } from './common-columns.ts';
import { defineKind } from './entry.ts';
import { protect } from './storage-protection.ts';
import { type AccessMode, shownAccessModes } from './volume-access.ts';

export interface PersistentVolumeClaim extends KubeObject {
  apiVersion: 'v1';
  kind: 'PersistentVolumeClaim';
  spec: ClaimSpec;
  status: { phase: ClaimPhase; accessModes?: AccessMode[]; capacity?: Record<string, string> };
}

export type ClaimPhase = 'Pending' | 'Bound' | 'Lost';

export const persistentVolumeClaimKind = defineKind<PersistentVolumeClaim>({
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  hasStatus: true,
  answersDeleted: true,
  setDefaults: (claim) => {
    defaultClaimSpec(defaultObject(claim, 'spec'));
    setDefault(defaultObject(claim, 'status'), 'phase', 'Pending');
  },
  prepareForCreate: (claim) => protect(claim, 'PersistentVolumeClaim'),
  validate: (claim) => validateClaimSpec(objectAt(claim, 'spec') ?? {}, 'spec'),
  validateUpdate: validateClaimUpdate,
  columns: [
    NAME,
    { name: 'Status', cell: ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : status.phase) },
    { name: 'Volume', cell: ({ spec }) => spec.volumeName ?? '' },
    { name: 'Capacity', cell: ({ spec, status }) => (spec.volumeName ? (status.capacity?.storage ?? '') : '') },
    {
      name: 'Access Modes',
      cell: ({ spec, status }) => (spec.volumeName ? shownAccessModes(status.accessModes ?? []) : ''),
    },
    { name: 'StorageClass', cell: ({ spec }) => spec.storageClassName ?? '' },
    AGE,
    { name: 'VolumeMode', wide: true, cell: ({ spec }) => spec.volumeMode },
  ],
});

/** What was claimed stays; only more of it may be asked for, a volume is bound once, and a class is found once. */
function validateClaimUpdate(next: JsonObject, previous: JsonObject): FieldError[] {
  const [after, before] = [next, previous].map((claim) => copyJson(objectAt(claim, 'spec') ?? {})) as [
    JsonObject,
    JsonObject,
  ];
  const errors = shrinks(after, previous)
    ? [forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity')]
    : [];
  if (isEmpty(before.volumeName)) {
    delete after.volumeName;
    delete before.volumeName;
    if (before.storageClassName === undefined) delete after.storageClassName;
  }
  for (const spec of [after, before]) delete objectAt(objectAt(spec, 'resources'), 'requests')?.storage;
  if (equalJson(after, before)) return errors;
  return [
    ...errors,
    forbidden(
      'spec',
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
    ),
  ];
}

function shrinks(spec: JsonObject, previous: JsonObject): boolean {
  const wanted = textOf(objectAt(objectAt(spec, 'resources'), 'requests')?.storage);
  const before = textOf(objectAt(objectAt(objectAt(previous, 'spec'), 'resources'), 'requests')?.storage);
  const capacity = textOf(objectAt(objectAt(previous, 'status'), 'capacity')?.storage);
  if (wanted === '' || wanted === before || capacity === '') return false;
  return compareQuantities(wanted, before) < 0 && compareQuantities(wanted, capacity) < 0;
}
