/**
 * Pods' volumes on this node: files made from the cluster's objects, folders for containers to write to, and paths that were there
 * before. Implemented by an adapter over the file system and by a fake; one contract suite holds both. What is put in place is there
 * whole or not at all, also after a crash, and known by its revision: nobody has to remember it.
 *
 * Errors: VolumeUnwritable, where the file system refuses or is not as it was asked for; SubPathRefused.
 */
import type { ObjectKey } from '../objects/meta.ts';
import type { HostPathType } from '../objects/volumes.ts';

/** The name is for people and for whoever finds files of a pod that is gone; the uid tells one from another of the name. */
export interface PodOnNode extends ObjectKey {
  readonly uid: string;
}

export interface VolumeFile {
  /** Relative, below the volume: `token`, `tls/ca.crt`. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly data: Uint8Array;
  /** Default: the daemon's user. */
  readonly owner?: number;
}

export interface VolumeContent {
  /** Of letters, digits, dashes and dots, beginning with none of these two; what is in place is known by it. */
  readonly revision: string;
  /** `memory`: not on a disk, where the node has another place. */
  readonly medium: 'memory' | 'disk';
  readonly files: readonly VolumeFile[];
  /** A group that owns all files and may read them, whatever their modes. */
  readonly group?: number;
}

/** A folder that is empty at first, and that everybody may write to. */
export interface VolumeFolder {
  /** `memory`: in a file system of its own, no larger than `sizeBytes`. */
  readonly medium: 'memory' | 'disk';
  /** Absent, and on a disk: as much as the node has. */
  readonly sizeBytes?: number;
  /** A group that owns it, and whatever is made in it. */
  readonly group?: number;
}

export interface HostPath {
  readonly path: string;
  readonly type: HostPathType;
  /** A group that is given it, with all that is in it; `OnRootMismatch`: unless it has the path itself. */
  readonly group?: { readonly id: number; readonly policy: 'Always' | 'OnRootMismatch' };
}

export interface PlacedVolume {
  /** Of files: their content's; of folders and paths {@link IN_PLACE}. */
  readonly revision: string;
  /** What containers mount. It stays the same over later writes. */
  readonly path: string;
}

/** The revision of a volume that is not made of files: there is no other. */
export const IN_PLACE = 'in-place';

export interface VolumeFiles {
  /** Every pod of which something is here. */
  pods(): Promise<PodOnNode[]>;
  /** The pod's volumes by name, as they are in place. */
  placed(podUid: string): Promise<ReadonlyMap<string, PlacedVolume>>;
  /**
   * Puts the content in place of what is there, all of it at once: a reader sees the old files or the new ones. Containers that
   * mounted the volume see it too. Writing the revision that is in place does nothing.
   */
  write(pod: PodOnNode, volume: string, content: VolumeContent): Promise<void>;
  /** Makes the folder; one that is in place stays as it is, with what is in it, until the pod's volumes are removed. */
  makeFolder(pod: PodOnNode, volume: string, folder: VolumeFolder): Promise<void>;
  /** Takes a path of the node for the volume: made where its type says so, and refused where it is of another type. Never removed. */
  usePath(pod: PodOnNode, volume: string, hostPath: HostPath): Promise<void>;
  /**
   * The path of `subPath` in `root`, which is a {@link PlacedVolume}'s. Folders that are missing on the way are made. SubPathRefused
   * where a link leads out of the volume.
   */
  subPath(root: string, subPath: string): Promise<string>;
  /**
   * Puts files in place that containers mount one by one, such as their hosts file, and answers their paths by name. What has changed is
   * written into the same file, where those that have it mounted see it.
   */
  writeSingle(pod: PodOnNode, files: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>>;
  /** What the folder of a {@link PlacedVolume} takes of the disk, in bytes; 0 where there is none. */
  usedBytes(root: string): Promise<number>;
  /** Removes all of the pod's volumes and files. Missing is success. */
  remove(podUid: string): Promise<void>;
}
