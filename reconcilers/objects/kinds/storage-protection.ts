/**
 * The finalizers by which storage that is in use outlives its own deletion: set on every new claim and volume, taken away by the
 * volume-binder. Pure. https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection
 */
import { defaultObject } from '../defaulting.ts';
import type { JsonObject } from '../json.ts';

export const PROTECTION = {
  PersistentVolumeClaim: 'kubernetes.io/pvc-protection',
  PersistentVolume: 'kubernetes.io/pv-protection',
} as const;

/** In place. */
export function protect(object: JsonObject, kind: keyof typeof PROTECTION): void {
  const metadata = defaultObject(object, 'metadata');
  const finalizers = Array.isArray(metadata.finalizers) ? metadata.finalizers : [];
  if (!finalizers.includes(PROTECTION[kind])) metadata.finalizers = [...finalizers, PROTECTION[kind]];
}
