/**
 * What a claim asks for: the spec of a PersistentVolumeClaim, and of the template in a pod's ephemeral volume. Defaulted and checked. Pure.
 * Source: pkg/apis/core/validation/validation.go (ValidatePersistentVolumeClaimSpec)
 */
import { defaultObject, isEmpty, setDefault } from './defaulting.ts';
import { type FieldError, invalid, required } from './field-error.ts';
import { child } from './field-path.ts';
import { type JsonObject, objectAt, textOf } from './json.ts';
import { type AccessMode, type VolumeMode, validateAccessModes, validateVolumeMode } from './kinds/volume-access.ts';
import { dnsSubdomain } from './name-formats.ts';
import { compareQuantities } from './quantity.ts';
import { type SelectorTerms, validateSelectorTerms } from './selector-terms.ts';

export interface ClaimSpec {
  accessModes: AccessMode[];
  resources: { requests: Record<string, string>; limits?: Record<string, string> };
  /** Of the volumes that may be bound. Absent: all. */
  selector?: SelectorTerms;
  volumeName?: string;
  volumeMode: VolumeMode;
  /** '': a volume without a class, which somebody makes by hand. Absent: the default class, once there is one. */
  storageClassName?: string;
}

/** In place. */
export function defaultClaimSpec(spec: JsonObject): void {
  setDefault(spec, 'volumeMode', 'Filesystem');
  // Validation refuses none, but is not the first to look at them: quotas are.
  defaultObject(defaultObject(spec, 'resources'), 'requests');
}

export function validateClaimSpec(spec: JsonObject, path: string): FieldError[] {
  const storage = textOf(objectAt(objectAt(spec, 'resources'), 'requests')?.storage);
  const at = `${child(path, 'resources')}[storage]`;
  const className = textOf(spec.storageClassName);
  return [
    ...validateAccessModes(spec.accessModes, child(path, 'accessModes')),
    ...(storage === '' ? [required(at)] : []),
    ...(storage !== '' && compareQuantities(storage, '0') <= 0
      ? [invalid(at, storage, 'must be greater than zero')]
      : []),
    ...validateVolumeMode(spec.volumeMode, child(path, 'volumeMode')),
    ...(isEmpty(spec.selector) ? [] : validateSelectorTerms(spec.selector, child(path, 'selector'))),
    ...(className === ''
      ? []
      : dnsSubdomain(className).map((text) => invalid(child(path, 'storageClassName'), className, text))),
  ];
}
