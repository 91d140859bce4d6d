/**
 * What watchers read: the newest changes of every kind, kept for a while, each encoded once for all of them. A watcher is a place in
 * the feed and holds nothing else, so a slow one costs nothing; one that falls too far behind is told to list again. What is
 * older than the feed comes from the store's history.
 */
import type { ChangeFollower, ObjectCache } from '../../reconcilers/kit/object-cache.ts';
import type { Kind } from '../../reconcilers/objects/kinds.ts';
import type { Clock } from '../../reconcilers/ports/clock.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { ChangeBatch, ObjectChange, ObjectClient } from '../../reconcilers/ports/object-client.ts';

/** Of one kind: so many at least, and twice as many at most, of what is younger than this. */
const KEPT_CHANGES = 5_000;
const KEPT_MS = 15_000;

export interface FeedChange<K extends Kind = Kind> {
  readonly revision: number;
  readonly change: ObjectChange<K>;
}

/** Up to `revision` there is nothing but `changes`. Who is at the same place gets the same batch: it is a key to what is made of it. */
export interface FeedBatch {
  readonly revision: number;
  readonly changes: readonly FeedChange[];
}

export class ChangeFeed implements ChangeFollower {
  readonly #client: Pick<ObjectClient, 'watch'>;
  readonly #kept = new Map<Kind, FeedChange[]>();
  /** Changes up to this revision may be missing, of all kinds and of those that had more than are kept. */
  #since: number;
  readonly #droppedUpTo = new Map<Kind, number>();
  readonly #clock: Clock;
  /** When what had grown old was dropped last, and what was the newest then. */
  #swept: { readonly at: number; readonly revision: number };
  #revision: number;
  #restarts = 0;
  #waking = false;
  /** From where they go on; until the next change. */
  readonly #newest = new Map<Kind, Map<number, FeedBatch>>();
  #wake = Promise.withResolvers<void>();

  /** Follows the cache from now on. */
  constructor(cache: ObjectCache, client: Pick<ObjectClient, 'watch'>, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
    this.#since = cache.revision;
    this.#revision = cache.revision;
    this.#swept = { at: clock.now(), revision: cache.revision };
    cache.follow(this);
  }

  changed({ revision, changes }: ChangeBatch): void {
    for (const change of changes) this.#keep(change.kind, { revision, change });
    this.#revision = Math.max(this.#revision, revision);
    this.#newest.clear();
    this.#sweep();
    this.#wakeSoon();
  }

  restarted(revision: number): void {
    this.#kept.clear();
    this.#newest.clear();
    this.#since = revision;
    this.#revision = revision;
    this.#restarts += 1;
    this.#wakeAll();
  }

  /**
   * What happens to `kind` after revision `after`, until `signal` aborts (the iteration then ends quietly). An empty batch only
   * says how far it is. StoreCompacted where that is no longer known.
   */
  async *after(kind: Kind, after: number, signal: AbortSignal): AsyncGenerator<FeedBatch> {
    let seen = after;
    if (seen < this.#knownSince(kind)) {
      for await (const batch of this.#fromHistory(kind, seen, signal)) {
        yield batch;
        seen = batch.revision;
        if (seen >= this.#knownSince(kind)) break;
      }
    }
    const restarts = this.#restarts;
    // Not a race against the signal: a promise that lasts as long as the watch would keep what every change hangs on it.
    const wake = () => this.#wakeAll();
    signal.addEventListener('abort', wake, { once: true });
    while (!signal.aborted) {
      const oldest = this.#knownSince(kind);
      if (this.#restarts !== restarts || seen < oldest) {
        throw new SampanError('StoreCompacted', { revision: seen, oldest });
      }
      if (this.#revision > seen) {
        const batch = this.#newerThan(kind, seen);
        seen = batch.revision;
        yield batch;
      } else {
        await this.#wake.promise;
      }
    }
  }

  async *#fromHistory(kind: Kind, after: number, signal: AbortSignal): AsyncGenerator<FeedBatch> {
    for await (const { revision, changes } of this.#client.watch([kind], { after, signal })) {
      yield { revision, changes: changes.map((change) => ({ revision, change })) };
    }
  }

  #knownSince(kind: Kind): number {
    return Math.max(this.#since, this.#droppedUpTo.get(kind) ?? 0);
  }

  #keep(kind: Kind, change: FeedChange): void {
    let kept = this.#kept.get(kind);
    if (kept === undefined) {
      kept = [];
      this.#kept.set(kind, kept);
    }
    kept.push(change);
    if (kept.length >= 2 * KEPT_CHANGES) this.#drop(kind, kept, kept.length - KEPT_CHANGES);
  }

  /** Drops what was there the last time already: whoever listens has been told, and others find it in the store. */
  #sweep(): void {
    const now = this.#clock.now();
    if (Math.abs(now - this.#swept.at) < KEPT_MS) return;
    for (const [kind, kept] of this.#kept) {
      const young = kept.findIndex(({ revision }) => revision > this.#swept.revision);
      this.#drop(kind, kept, young === -1 ? kept.length : young);
    }
    this.#swept = { at: now, revision: this.#revision };
  }

  #drop(kind: Kind, kept: FeedChange[], count: number): void {
    const dropped = kept.splice(0, count).at(-1);
    if (dropped !== undefined) this.#droppedUpTo.set(kind, dropped.revision);
  }

  #newerThan(kind: Kind, revision: number): FeedBatch {
    const made = this.#newest.get(kind)?.get(revision);
    if (made !== undefined) return made;
    const kept = this.#kept.get(kind) ?? [];
    let first = kept.length;
    while (first > 0 && (kept[first - 1] as FeedChange).revision > revision) first -= 1;
    const batch = { revision: this.#revision, changes: kept.slice(first) };
    const batches = this.#newest.get(kind) ?? new Map<number, FeedBatch>();
    this.#newest.set(kind, batches.set(revision, batch));
    return batch;
  }

  /** When what else has come by now is in as well: commits close together make one batch, for every watcher. */
  #wakeSoon(): void {
    if (this.#waking) return;
    this.#waking = true;
    setImmediate(() => {
      this.#waking = false;
      this.#wakeAll();
    });
  }

  #wakeAll(): void {
    const { resolve } = this.#wake;
    this.#wake = Promise.withResolvers<void>();
    resolve();
  }
}
