/**
 * What the local-provisioner reads of one volume, by its name `pvc-<uid of its claim>`: the claim, the volume, the folder, and which
 * pods of this node have the folder still. Objects come from the cache, the rest from the node.
 */
import type { ObjectIndex, ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import type { PersistentVolume } from '../objects/kinds/persistent-volume.ts';
import type { PersistentVolumeClaim } from '../objects/kinds/persistent-volume-claim.ts';
import type { StorageClass } from '../objects/kinds/storage-class.ts';
import { formatKey, type ObjectKey } from '../objects/meta.ts';
import type { SelectedNode } from '../objects/node-selector.ts';
import type { ClaimFolderState, ClaimFolders } from '../ports/claim-folders.ts';
import type { VolumeFiles } from '../ports/volume-files.ts';
import { claimUidOf } from './wanted.ts';

export interface ObservedFolder {
  /** Absent until the node is registered. */
  readonly node?: SelectedNode;
  readonly name: string;
  readonly volume?: PersistentVolume;
  /** The claim's. */
  readonly storageClass?: StorageClass;
  readonly folder: ClaimFolderState;
  readonly path: string;
  /** `default/db`: pods whose containers may have it mounted. */
  readonly mountedBy: readonly string[];
  /** What people were told last of why the claim gets no volume. */
  readonly refused?: string;
}

export interface ObserveDeps {
  readonly cache: ReadOnlyCache;
  readonly claimFolders: ClaimFolders;
  readonly files: VolumeFiles;
  readonly nodeName: string;
  readonly claimsByUid: ObjectIndex<PersistentVolumeClaim>;
  /** By uid. */
  readonly refused: ReadonlyMap<string, string>;
}

export async function observeFolder(
  { name }: ObjectKey,
  deps: ObserveDeps,
): Promise<Observation<PersistentVolumeClaim, ObservedFolder>> {
  const { cache, claimFolders: folders, nodeName, claimsByUid, refused } = deps;
  const path = folders.pathOf(name);
  const folder = await folders.state(name);
  const mountedBy = folder === 'absent' ? [] : await podsWith(path, deps);
  // Objects last, and together: as of one revision.
  const [desired] = claimsByUid.get(claimUidOf(name) ?? '');
  const volume = cache.get('PersistentVolume', { namespace: '', name });
  const node = cache.get('Node', { namespace: '', name: nodeName });
  const storageClass = cache.get('StorageClass', { namespace: '', name: desired?.spec.storageClassName ?? '' });
  const told = desired && refused.get(desired.metadata.uid);
  return {
    desired,
    observed: {
      ...(node && { node: { name: nodeName, labels: node.metadata.labels ?? {} } }),
      name,
      ...(volume && { volume }),
      ...(storageClass && { storageClass }),
      folder,
      path,
      mountedBy,
      ...(told !== undefined && { refused: told }),
    },
  };
}

/** Whatever the cluster says: what the kubelet has put in place for a pod stays until none of its containers is left. */
async function podsWith(path: string, { files }: ObserveDeps): Promise<string[]> {
  const found: string[] = [];
  for (const pod of await files.pods()) {
    const placed = [...(await files.placed(pod.uid)).values()];
    if (placed.some((each) => each.path === path)) found.push(formatKey(pod));
  }
  return found.sort();
}
