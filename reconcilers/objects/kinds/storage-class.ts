/** storage.k8s.io/v1 StorageClass: who makes the volumes of claims that name it, and when. */
import { isEmpty, setDefault } from '../defaulting.ts';
import { type FieldError, forbidden, required } from '../field-error.ts';
import { equalJson, type Json, type JsonObject, textOf } from '../json.ts';
import type { LabelRequirement } from '../label-requirement.ts';
import type { KubeObject } from '../meta.ts';
import { oneOf } from '../validation-pod.ts';
import { AGE, NAME } from './common-columns.ts';
import { defineKind } from './entry.ts';

export interface StorageClass extends KubeObject {
  apiVersion: 'storage.k8s.io/v1';
  kind: 'StorageClass';
  provisioner: string;
  parameters?: Record<string, string>;
  reclaimPolicy: 'Delete' | 'Retain';
  mountOptions?: string[];
  allowVolumeExpansion?: boolean;
  volumeBindingMode: 'Immediate' | 'WaitForFirstConsumer';
  allowedTopologies?: { matchLabelExpressions?: Pick<LabelRequirement, 'key' | 'values'>[] }[];
}

/** On the class of claims that name none. */
export const ANNOTATION_DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';
/** The provisioner of classes whose volumes are made by hand. */
export const NO_PROVISIONER = 'kubernetes.io/no-provisioner';

const IMMUTABLE = ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'] as const;

export const storageClassKind = defineKind<StorageClass>({
  kind: 'StorageClass',
  apiVersion: 'storage.k8s.io/v1',
  plural: 'storageclasses',
  shortNames: ['sc'],
  namespaced: false,
  answersDeleted: true,
  setDefaults: (storageClass) => {
    setDefault(storageClass, 'reclaimPolicy', 'Delete');
    setDefault(storageClass, 'volumeBindingMode', 'Immediate');
  },
  validate: (storageClass) => [
    ...(textOf(storageClass.provisioner) === '' ? [required('provisioner')] : []),
    ...oneOf(storageClass.reclaimPolicy, ['Delete', 'Retain'], 'reclaimPolicy'),
    ...oneOf(storageClass.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer'], 'volumeBindingMode'),
  ],
  validateUpdate: (next, previous) =>
    IMMUTABLE.filter((field) => !sameField(next, previous, field)).map(
      (field): FieldError => forbidden(field, `updates to ${field} are forbidden.`),
    ),
  columns: [
    {
      ...NAME,
      cell: (object) => (isDefaultClass(object) ? `${object.metadata.name} (default)` : object.metadata.name),
    },
    { name: 'Provisioner', cell: ({ provisioner }) => provisioner },
    { name: 'ReclaimPolicy', cell: ({ reclaimPolicy }) => reclaimPolicy },
    { name: 'VolumeBindingMode', cell: ({ volumeBindingMode }) => volumeBindingMode },
    { name: 'AllowVolumeExpansion', cell: ({ allowVolumeExpansion = false }) => String(allowVolumeExpansion) },
    AGE,
  ],
});

export function isDefaultClass({ metadata }: StorageClass): boolean {
  return metadata.annotations?.[ANNOTATION_DEFAULT_CLASS] === 'true';
}

function sameField(next: JsonObject, previous: JsonObject, field: string): boolean {
  const [after, before] = [next[field], previous[field]].map(
    (value): Json => (isEmpty(value) ? null : (value ?? null)),
  );
  return equalJson(after ?? null, before ?? null);
}
