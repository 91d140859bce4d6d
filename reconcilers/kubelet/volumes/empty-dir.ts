/**
 * The folder of an emptyDir volume. One in memory is no larger than what the pod may use of it: its own limit, the pod's, the node's.
 * Pure. Source: pkg/volume/emptydir/empty_dir.go (calculateEmptyDirMemorySize)
 */
import { lastingContainers, type Pod } from '../../objects/pod.ts';
import { quantityValue } from '../../objects/quantity.ts';
import type { EmptyDirVolumeSource } from '../../objects/volumes.ts';
import type { VolumeFolder } from '../../ports/volume-files.ts';
import { volumeOwner } from './volume-owner.ts';

export function emptyFolder(
  pod: Pod,
  { medium, sizeLimit }: EmptyDirVolumeSource,
  allocatable: Readonly<Record<string, string>>,
): VolumeFolder {
  const { group } = volumeOwner(pod);
  const owned = group === undefined ? {} : { group };
  if (medium !== 'Memory') return { medium: 'disk', ...owned };
  const podLimit = lastingContainers(pod.spec).reduce(
    (sum, { resources }) => sum + bytes(resources?.limits?.memory),
    0,
  );
  const limits = [bytes(allocatable.memory), podLimit, bytes(sizeLimit)].filter((limit) => limit > 0);
  return { medium: 'memory', ...(limits.length > 0 && { sizeBytes: Math.min(...limits) }), ...owned };
}

function bytes(quantity: string | undefined): number {
  return quantityValue(quantity ?? '0') ?? 0;
}
