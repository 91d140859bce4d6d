/** What PersistentVolumes and their claims have in common: access modes and volume modes. Pure. */
import { type FieldError, forbidden, required, unsupported } from '../field-error.ts';
import { element } from '../field-path.ts';
import type { Json } from '../json.ts';
import { oneOf } from '../validation-pod.ts';

export type AccessMode = 'ReadWriteOnce' | 'ReadOnlyMany' | 'ReadWriteMany' | 'ReadWriteOncePod';
export type VolumeMode = 'Filesystem' | 'Block';

const SHORT: Readonly<Record<AccessMode, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

export const VOLUME_MODES = ['Filesystem', 'Block'] as const;

export function validateAccessModes(modes: Json | undefined, path = 'spec.accessModes'): FieldError[] {
  if (!Array.isArray(modes) || modes.length === 0) return [required(path, 'at least 1 access mode is required')];
  const errors = modes.flatMap((mode, i) => oneOf(mode, Object.keys(SHORT), element(path, i)));
  if (modes.length > 1 && modes.includes('ReadWriteOncePod')) {
    errors.push(forbidden(path, 'may not use ReadWriteOncePod with other access modes'));
  }
  return errors;
}

/** Nodes provide folders; a block volume needs a device of its own. */
export function validateVolumeMode(mode: Json | undefined, path = 'spec.volumeMode'): FieldError[] {
  if (mode === undefined || mode === 'Filesystem') return [];
  if (mode !== 'Block') return [unsupported(path, mode, VOLUME_MODES)];
  return [forbidden(path, 'Block volumes are not provided: a node here has folders to give, and no devices')];
}

/** `RWO,ROX` */
export function shownAccessModes(modes: readonly AccessMode[]): string {
  return [...new Set(modes)].map((mode) => SHORT[mode]).join(',');
}
