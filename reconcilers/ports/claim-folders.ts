/**
 * The folders of this node that hold what claims are for: one for each volume, by the volume's name, and they outlive pods, daemons and
 * machines' restarts. Implemented by an adapter over the file system and by a fake; one contract suite holds both. Never touches
 * anything but its own folders.
 *
 * Errors: ClaimFolderFailed, where the file system refuses or the name is none of a volume's.
 */

/** `empty`: nobody has written to it yet. */
export type ClaimFolderState = 'absent' | 'empty' | 'used';

export interface ClaimFolders {
  /** Where the folder of the volume is, or would be. */
  pathOf(volume: string): string;
  /** Of all volumes that have a folder here. */
  list(): Promise<string[]>;
  state(volume: string): Promise<ClaimFolderState>;
  /** Makes it, for everybody to write to; one that is there stays as it is. */
  make(volume: string): Promise<void>;
  /** Removes it with all that is in it, at once to whoever looks: a crash never leaves half of it. Missing is success. */
  remove(volume: string): Promise<void>;
  /** Removes it if nobody has written to it. */
  removeEmpty(volume: string): Promise<void>;
}
