/** What the clean-up of images sees: plain data, read by observe.ts, planned upon by plan.ts. */
import type { DiskUsage, ImageRecord } from '../ports/container-runtime.ts';
import type { LedgerEntry } from '../ports/image-ledger.ts';

export interface ImageGarbagePolicy {
  /** Of the disk in use, from 0 to 100: with so much, images go; 100: they never do. */
  readonly highPercent: number;
  /** Until so much is left in use. */
  readonly lowPercent: number;
  /** What was pulled later stays: it may be about to be used. */
  readonly minimumAgeMs: number;
}

export interface GarbageObservation {
  /** Whether the cache has the node's pods, and the runtime answers; nothing is known otherwise. */
  readonly isCurrent: boolean;
  readonly policy: ImageGarbagePolicy;
  /** What this daemon has pulled, as it is written down. */
  readonly pulled: readonly LedgerEntry[];
  /** What the runtime has; those of {@link pulled} at least. */
  readonly images: readonly ImageRecord[];
  /** Ids of those that a container has or another image stands on. */
  readonly inUse: readonly string[];
  /** In full, what the pods of this node name, and the daemon for itself. */
  readonly wanted: readonly string[];
  /** Absent: it cannot be seen from here. */
  readonly disk?: DiskUsage;
  /** Removals that failed a short time ago, by id: not tried again yet. */
  readonly failed: readonly string[];
  /** When people were last told that there is not enough to remove. */
  readonly announcedAt?: number;
}
