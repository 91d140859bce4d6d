/**
 * Which images this node's daemon has pulled, and since when nobody uses them: what the clean-up of images may remove. It outlives
 * the daemon; an image that is not in it was built or pulled by somebody else, and is theirs. Implemented over a file and by a fake;
 * one contract suite holds both.
 *
 * Never fails: what cannot be written down (a full disk) is known until the daemon ends, and written with the next change.
 */
export interface LedgerEntry {
  /** `sha256:...` */
  readonly id: string;
  /** The names it was pulled by, in full: `docker.io/library/nginx:1`. */
  readonly names: readonly string[];
  /** Last, in milliseconds since the epoch. */
  readonly pulledAt: number;
  /** Absent while somebody uses it, and before it was looked at. */
  readonly unusedSince?: number;
}

export interface ImageLedger {
  entries(): Promise<readonly LedgerEntry[]>;
  /** Makes the image's entry what `change` makes of it, undefined being none. Changes of one image come one after the other. */
  update(id: string, change: (known: LedgerEntry | undefined) => LedgerEntry | undefined): Promise<void>;
}
