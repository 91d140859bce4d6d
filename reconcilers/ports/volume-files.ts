/**
 * The files of pods on this node: their volumes, and the few that containers have beside them. Implemented by an adapter over the file system and by a fake; one contract suite holds
 * both. What is written is there whole or not at all, also after a crash, and known by its revision: nobody has to remember it.
 *
 * Errors: VolumeUnwritable, where the file system refuses.
 */
import type { ObjectKey } from '../objects/meta.ts';

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
}

export interface VolumeContent {
  /** Of letters, digits, dashes and dots, beginning with none of these two; what is in place is known by it. */
  readonly revision: string;
  /** `memory`: not on a disk, where the node has another place. */
  readonly medium: 'memory' | 'disk';
  readonly files: readonly VolumeFile[];
}

export interface PlacedVolume {
  readonly revision: string;
  /** The folder that containers mount. It stays the same over later writes. */
  readonly path: string;
}

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
  /**
   * Puts files in place that containers mount one by one, such as their hosts file, and answers their paths by name. What has changed is
   * written into the same file, where those that have it mounted see it.
   */
  writeSingle(pod: PodOnNode, files: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>>;
  /** Removes all of the pod's volumes and files. Missing is success. */
  remove(podUid: string): Promise<void>;
}
