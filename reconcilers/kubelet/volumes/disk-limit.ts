/**
 * The limits of emptyDir volumes on the disk. No file system keeps them, so their folders are measured, and a pod that has gone beyond one is
 * evicted. Pure; pod-volumes.ts measures. Source: pkg/kubelet/eviction/eviction_manager.go (emptyDirLimitEviction)
 */
import { quantityValue } from '../../objects/quantity.ts';
import type { Volume } from '../../objects/volumes.ts';
import type { VolumesObserved } from '../observation.ts';

/** As the kubelet's eviction manager. */
export const MEASURED_EVERY_MS = 10_000;

/** Undefined where nothing is to be measured. */
export function diskLimitOf({ emptyDir }: Volume): string | undefined {
  return emptyDir?.medium === 'Memory' ? undefined : emptyDir?.sizeLimit;
}

/** Why the pod must go; undefined where all its volumes are within their limits. */
export function overfull(observed: VolumesObserved | undefined): string | undefined {
  for (const [volume, { usage }] of Object.entries(observed?.facts ?? {})) {
    const limit = quantityValue(usage?.limit ?? '0') ?? 0;
    if (usage !== undefined && limit > 0 && usage.bytes > limit) {
      return `Usage of EmptyDir volume "${volume}" exceeds the limit "${usage.limit}".`;
    }
  }
  return undefined;
}
