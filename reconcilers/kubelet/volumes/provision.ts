/**
 * How this node provides a volume of a pod: one case per sort, whatever the volume's type. A new type of volume is a case of
 * {@link provisionOf}; the kubelet's other parts do not see types. Pure.
 */
import type { Pod } from '../../objects/pod.ts';
import { podClaim } from '../../objects/pod-claims.ts';
import { projectionsOf, type Volume } from '../../objects/volumes.ts';
import { type HostPath, IN_PLACE, type PlacedVolume, type VolumeFolder } from '../../ports/volume-files.ts';
import { type ClaimSources, claimedPath } from './claimed-path.ts';
import { emptyFolder } from './empty-dir.ts';
import { type ProjectedContent, projectedContent, type VolumeSources } from './projected-content.ts';
import { fingerprintOf } from './revision.ts';

export type Provision =
  /** Files that are kept as the cluster has them. */
  | { readonly sort: 'files'; readonly content: ProjectedContent }
  /** A folder that begins empty. */
  | { readonly sort: 'folder'; readonly folder: VolumeFolder }
  /** A path that outlives the pod. */
  | { readonly sort: 'path'; readonly hostPath: HostPath }
  /** Nothing yet: why. */
  | { readonly sort: 'missing'; readonly problem: string };

export function provisionOf(pod: Pod, volume: Volume, sources: VolumeSources & ClaimSources): Provision {
  const { emptyDir, hostPath } = volume;
  if (hostPath) return { sort: 'path', hostPath: { path: hostPath.path, type: hostPath.type ?? '' } };
  const claim = podClaim(pod, volume);
  if (claim) {
    const claimed = claimedPath(pod, claim, sources);
    return 'problem' in claimed ? { sort: 'missing', ...claimed } : { sort: 'path', ...claimed };
  }
  if (emptyDir) return { sort: 'folder', folder: emptyFolder(pod, emptyDir, sources.allocatable) };
  return { sort: 'files', content: projectedContent(pod, volume, sources) };
}

/** The revision it is to have, or why it cannot be provided yet. `inPlace`: what is there of it. */
export function wantedOf(
  provision: Provision,
  inPlace?: PlacedVolume,
): { readonly wanted: string } | { readonly problem: string } {
  if (provision.sort === 'missing') {
    // A claim that is going is its pod's until the pod is gone.
    return inPlace === undefined ? { problem: provision.problem } : { wanted: inPlace.revision };
  }
  if (provision.sort !== 'files') return { wanted: IN_PLACE };
  const { content } = provision;
  return content.problem === '' ? { wanted: fingerprintOf(content) } : { problem: content.problem };
}

/** Whether containers may never write to it, whatever their mounts say. */
export function isReadOnly(volume: Volume): boolean {
  return projectionsOf(volume) !== undefined || volume.persistentVolumeClaim?.readOnly === true;
}
