/** What PersistentVolumes and their claims have in common: access modes and volume modes. Pure. */
import { type FieldError, required } from '../field-error.ts';
import { element } from '../field-path.ts';
import type { Json } from '../json.ts';
import { oneOf } from '../validation-pod.ts';

export type AccessMode = 'ReadWriteOnce' | 'ReadOnlyMany' | 'ReadWriteMany' | 'ReadWriteOncePod';

const SHORT: Readonly<Record<AccessMode, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

export const VOLUME_MODES = ['Filesystem', 'Block'] as const;

export function validateAccessModes(modes: Json | undefined): FieldError[] {
  if (!Array.isArray(modes) || modes.length === 0) {
    return [required('spec.accessModes', 'at least 1 access mode is required')];
  }
  return modes.flatMap((mode, i) => oneOf(mode, Object.keys(SHORT), element('spec.accessModes', i)));
}

/** `RWO,ROX` */
export function shownAccessModes(modes: readonly AccessMode[]): string {
  return [...new Set(modes)].map((mode) => SHORT[mode]).join(',');
}
