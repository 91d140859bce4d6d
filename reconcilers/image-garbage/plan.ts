/**
 * The decisions of the clean-up of images, pure: when the disk of Docker's images is too full, those go that this daemon pulled and
 * nobody uses, the one unused for the longest time first. What others built or pulled is never touched (docs/decisions/0056-images.md).
 * Source of the thresholds and their arithmetic: pkg/kubelet/images/image_gc_manager.go.
 */
import type { Plan } from '../kit/reconciler.ts';
import type { Node } from '../objects/cluster.ts';
import { fullName } from '../objects/image-reference.ts';
import type { DiskUsage, ImageRecord } from '../ports/container-runtime.ts';
import type { LedgerEntry } from '../ports/image-ledger.ts';
import type { GarbageAction, NoteUse, RemoveImage } from './actions.ts';
import type { GarbageObservation } from './observation.ts';

/** As often as the kubelet looks; pulls and pods that go bring a look of their own. */
const PERIOD_MS = 5 * 60_000;
/** Kept by the API for so long, an event need not come more often. */
const ANNOUNCE_AGAIN_MS = 60 * 60_000;
const NEVER = 100;

interface Candidate {
  readonly entry: LedgerEntry;
  readonly image: ImageRecord;
  /** When it is old enough. */
  readonly freeAt: number;
}

export function plan(desired: Node | undefined, observed: GarbageObservation, now: number): Plan<GarbageAction> {
  // Whom people are told about.
  if (desired === undefined) return { actions: [], because: 'the node is not registered' };
  if (!observed.isCurrent)
    return { actions: [], because: 'it is not known which images are in use', checkAgainAfterMs: PERIOD_MS };
  const note = noteUse(observed, now);
  // Looked at again at once, with what is written down then.
  if (note !== undefined) return { actions: [note], because: 'the use of pulled images has changed' };

  const { disk, policy } = observed;
  if (policy.highPercent >= NEVER) return { actions: [], because: 'images are not cleaned up: the threshold is 100 %' };
  if (disk === undefined) return settled("the disk of Docker's images cannot be seen from here");
  const percent = usedPercent(disk);
  if (percent < policy.highPercent) return settled(`${percent} % of the disk of Docker's images is in use`);

  const wantedBytes = bytesToFree(disk, policy.lowPercent);
  const because = `${percent} % of the disk of Docker's images is in use, the limit is ${policy.highPercent} %`;
  const candidates = inOrder(observed);
  const { removals, freedBytes } = removalsFor(candidates, wantedBytes, now);
  const actions: GarbageAction[] = [...removals];
  const times = candidates.map(({ freeAt }) => freeAt - now).filter((ms) => ms > 0);
  // Not while something may go in a moment.
  if (freedBytes < wantedBytes && times.length === 0 && isTimeToAnnounce(observed, now)) {
    const message = `Failed to garbage collect required amount of images. Attempted to free ${wantedBytes} bytes, but only found ${freedBytes} bytes eligible to free.`;
    actions.push({ kind: 'announce-shortage', message });
  }
  return { actions, because, checkAgainAfterMs: Math.min(PERIOD_MS, ...times) };
}

function settled(because: string): Plan<GarbageAction> {
  return { actions: [], because, checkAgainAfterMs: PERIOD_MS };
}

/** Undefined where it is written down as it is. */
function noteUse({ pulled, images, inUse, wanted }: GarbageObservation, at: number): NoteUse | undefined {
  const present = new Map(images.map((image) => [image.id, image]));
  const names = new Set(wanted);
  const isUsed = (image: ImageRecord) =>
    inUse.includes(image.id) || image.names.some((name) => names.has(fullName(name)));
  const used: string[] = [];
  const unused: string[] = [];
  const gone: string[] = [];
  for (const { id, unusedSince } of pulled) {
    const image = present.get(id);
    if (image === undefined) gone.push(id);
    else if (isUsed(image) && unusedSince !== undefined) used.push(id);
    else if (!isUsed(image) && unusedSince === undefined) unused.push(id);
  }
  return used.length + unused.length + gone.length === 0 ? undefined : { kind: 'note-use', used, unused, gone, at };
}

/** Those that nobody uses and that have no name but those they were pulled by; of the same time, the one pulled first. */
function inOrder({ pulled, images, policy, failed }: GarbageObservation): Candidate[] {
  const present = new Map(images.map((image) => [image.id, image]));
  return pulled
    .flatMap((entry): Candidate[] => {
      const image = present.get(entry.id);
      if (image === undefined || entry.unusedSince === undefined || failed.includes(entry.id)) return [];
      return isOurs(entry, image) ? [{ entry, image, freeAt: entry.pulledAt + policy.minimumAgeMs }] : [];
    })
    .sort(({ entry: a }, { entry: b }) => (a.unusedSince ?? 0) - (b.unusedSince ?? 0) || a.pulledAt - b.pulledAt);
}

/** A tag that somebody gave it makes it theirs. Its digests it has from the registry. */
function isOurs({ names }: LedgerEntry, image: ImageRecord): boolean {
  return image.names.filter((name) => !name.includes('@')).every((tag) => names.includes(fullName(tag)));
}

function removalsFor(
  candidates: readonly Candidate[],
  wantedBytes: number,
  now: number,
): { removals: RemoveImage[]; freedBytes: number } {
  const removals: RemoveImage[] = [];
  let freedBytes = 0;
  for (const { image, freeAt } of candidates) {
    if (freedBytes >= wantedBytes) break;
    if (freeAt > now) continue;
    removals.push({ kind: 'remove-image', ...image });
    freedBytes += image.sizeBytes;
  }
  return { removals, freedBytes };
}

function isTimeToAnnounce({ announcedAt }: GarbageObservation, now: number): boolean {
  return announcedAt === undefined || now >= announcedAt + ANNOUNCE_AGAIN_MS;
}

function usedPercent({ capacityBytes, availableBytes }: DiskUsage): number {
  return 100 - Math.floor((availableBytes * 100) / capacityBytes);
}

function bytesToFree({ capacityBytes, availableBytes }: DiskUsage, lowPercent: number): number {
  return Math.floor((capacityBytes * (100 - lowPercent)) / 100) - availableBytes;
}
