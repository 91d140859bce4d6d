/** Fields that nobody owns: what the server alone sets, and what a write through a given path cannot change. Pure. */
import { type FieldSet, setOfPaths } from './field-set.ts';

/** Identity, versions and times of the object. */
const SERVER_FIELDS = setOfPaths(
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['f:metadata', `f:${name}`]),
);

const STATUS = setOfPaths(['f:status']);
const ALL_BUT_STATUS = setOfPaths(
  ['f:spec'],
  ['f:metadata', 'f:deletionTimestamp'],
  ['f:metadata', 'f:ownerReferences'],
);

export function serverFields(): FieldSet {
  return SERVER_FIELDS;
}

/** A write of the object does not change its status, a write of the status nothing else. */
export function fieldsOutOfReach(subresource: string, hasStatus: boolean): FieldSet {
  if (subresource === 'status') return ALL_BUT_STATUS;
  return subresource === '' && hasStatus ? STATUS : new Map();
}
