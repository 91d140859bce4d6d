/** v1 PersistentVolumeClaim. */
import { defaultObject, isEmpty, setDefault } from '../defaulting.ts';
import { type FieldError, forbidden, required } from '../field-error.ts';
import { copyJson, equalJson, type JsonObject, objectAt } from '../json.ts';
import type { KubeObject } from '../meta.ts';
import { oneOf } from '../validation-pod.ts';
import { AGE, NAME } from './common-columns.ts';
import { defineKind } from './entry.ts';
import { type AccessMode, shownAccessModes, VOLUME_MODES, validateAccessModes } from './volume-access.ts';

export interface PersistentVolumeClaim extends KubeObject {
  apiVersion: 'v1';
  kind: 'PersistentVolumeClaim';
  spec: {
    accessModes: AccessMode[];
    resources: { requests: Record<string, string>; limits?: Record<string, string> };
    volumeName?: string;
    volumeMode: 'Filesystem' | 'Block';
    storageClassName?: string;
  };
  status: { phase: 'Pending' | 'Bound' | 'Lost'; accessModes?: AccessMode[]; capacity?: Record<string, string> };
}

export const persistentVolumeClaimKind = defineKind<PersistentVolumeClaim>({
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  hasStatus: true,
  answersDeleted: true,
  setDefaults: (claim) => {
    const spec = defaultObject(claim, 'spec');
    setDefault(spec, 'volumeMode', 'Filesystem');
    // Validation refuses none, but is not the first to look at them: quotas are.
    defaultObject(defaultObject(spec, 'resources'), 'requests');
    setDefault(defaultObject(claim, 'status'), 'phase', 'Pending');
  },
  validate: validateClaim,
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

function validateClaim(claim: JsonObject): FieldError[] {
  const spec = objectAt(claim, 'spec') ?? {};
  const requests = objectAt(objectAt(spec, 'resources'), 'requests');
  return [
    ...validateAccessModes(spec.accessModes),
    ...(isEmpty(requests?.storage) ? [required('spec.resources[storage]')] : []),
    ...oneOf(spec.volumeMode, VOLUME_MODES, 'spec.volumeMode'),
  ];
}

/** What was claimed stays; only more of it may be asked for, and a volume is bound once. */
function validateClaimUpdate(next: JsonObject, previous: JsonObject): FieldError[] {
  const [after, before] = [next, previous].map((claim) => copyJson(objectAt(claim, 'spec') ?? {})) as [
    JsonObject,
    JsonObject,
  ];
  if (isEmpty(before.volumeName)) delete after.volumeName;
  for (const spec of [after, before]) delete objectAt(objectAt(spec, 'resources'), 'requests')?.storage;
  if (equalJson(after, before)) return [];
  return [
    forbidden(
      'spec',
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
    ),
  ];
}
