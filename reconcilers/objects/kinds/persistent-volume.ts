/** v1 PersistentVolume. */
import { defaultObject, isEmpty, setDefault } from '../defaulting.ts';
import { type FieldError, required } from '../field-error.ts';
import { type JsonObject, objectAt } from '../json.ts';
import type { KubeObject } from '../meta.ts';
import { oneOf } from '../validation-pod.ts';
import { AGE, NAME } from './common-columns.ts';
import { defineKind } from './entry.ts';
import { type AccessMode, shownAccessModes, VOLUME_MODES, validateAccessModes } from './volume-access.ts';

export interface PersistentVolume extends KubeObject {
  apiVersion: 'v1';
  kind: 'PersistentVolume';
  spec: {
    capacity: Record<string, string>;
    accessModes: AccessMode[];
    persistentVolumeReclaimPolicy: 'Retain' | 'Delete' | 'Recycle';
    volumeMode: 'Filesystem' | 'Block';
    storageClassName?: string;
    claimRef?: { namespace?: string; name?: string; uid?: string };
    hostPath?: { path: string; type?: string };
    local?: { path: string };
  };
  status: { phase: string; reason?: string; message?: string };
}

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
    setDefault(defaultObject(volume, 'status'), 'phase', 'Pending');
  },
  validate: validateVolume,
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
  const capacity = objectAt(spec, 'capacity');
  return [
    ...validateAccessModes(spec.accessModes),
    ...(isEmpty(capacity?.storage) ? [required('spec.capacity')] : []),
    ...(isEmpty(spec.hostPath) && isEmpty(spec.local) ? [required('spec', 'must specify a volume type')] : []),
    ...oneOf(spec.persistentVolumeReclaimPolicy, ['Retain', 'Delete', 'Recycle'], 'spec.persistentVolumeReclaimPolicy'),
    ...oneOf(spec.volumeMode, VOLUME_MODES, 'spec.volumeMode'),
  ];
}
