/**
 * How this node provides a volume of a pod: one case per sort, whatever the volume's type. A new type of volume is a case of
 * {@link provisionOf}; the kubelet's other parts do not see types. Pure.
 */
import type { Pod } from '../../objects/pod.ts';
import { projectionsOf, type Volume } from '../../objects/volumes.ts';
import { type HostPath, IN_PLACE, type VolumeFolder } from '../../ports/volume-files.ts';
import { emptyFolder } from './empty-dir.ts';
import { type ProjectedContent, projectedContent, type VolumeSources } from './projected-content.ts';
import { fingerprintOf } from './revision.ts';

export type Provision =
  /** Files that are kept as the cluster has them. */
  | { readonly sort: 'files'; readonly content: ProjectedContent }
  /** A folder that begins empty. */
  | { readonly sort: 'folder'; readonly folder: VolumeFolder }
  /** A path that outlives the pod. */
  | { readonly sort: 'path'; readonly hostPath: HostPath };

export function provisionOf(pod: Pod, volume: Volume, sources: VolumeSources): Provision {
  const { emptyDir, hostPath } = volume;
  if (hostPath) return { sort: 'path', hostPath: { path: hostPath.path, type: hostPath.type ?? '' } };
  if (emptyDir) return { sort: 'folder', folder: emptyFolder(pod, emptyDir, sources.allocatable) };
  return { sort: 'files', content: projectedContent(pod, volume, sources) };
}

/** The revision it is to have, or why it cannot be provided yet. */
export function wantedOf(provision: Provision): { readonly wanted: string } | { readonly problem: string } {
  if (provision.sort !== 'files') return { wanted: IN_PLACE };
  const { content } = provision;
  return content.problem === '' ? { wanted: fingerprintOf(content) } : { problem: content.problem };
}

/** Whether containers may never write to it, whatever their mounts say. */
export function isReadOnly(volume: Volume): boolean {
  return projectionsOf(volume) !== undefined;
}
