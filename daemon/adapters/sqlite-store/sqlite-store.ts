/**
 * The embedded store: one SQLite file, owned by this process alone. Acknowledged writes survive power loss; writers of one
 * event-loop turn share an fsync. Assembled where no etcd is configured; it never talks to the network.
 */
import type { DatabaseSync } from 'node:sqlite';
import { Pulse } from '../../../reconcilers/kit/pulse.ts';
import type { CancelTimer, Clock } from '../../../reconcilers/ports/clock.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type {
  CommitResult,
  LeaseId,
  ListOptions,
  ListResult,
  Store,
  StoredValue,
  StoreEvents,
  StoreLease,
  Transaction,
} from '../../../reconcilers/ports/store.ts';
import { checkTransaction } from '../../../reconcilers/ports/store-rules.ts';
import { endpointOf, openDatabase, storeError } from './database.ts';
import { GroupCommit } from './group-commit.ts';
import { History } from './history.ts';

/** A watcher that is behind reads so many revisions at a time. */
const WATCH_STEP = 200;
/** Compaction yields to others after so many revisions. */
const COMPACT_STEP = 2_000;
/** Pages of 4 KiB handed back to the file system after a compaction, at most. */
const VACUUM_PAGES = 1_000;
/** An expired lease whose keys could not be deleted (disk full) is tried again after this. */
const EXPIRY_RETRY_MS = 1_000;

export class SqliteStore implements Store {
  readonly endpoint: string;
  readonly #clock: Clock;
  readonly #db: DatabaseSync;
  readonly #history: History;
  readonly #writes: GroupCommit;
  readonly #watchers = new Set<Pulse>();
  readonly #expiries = new Map<LeaseId, CancelTimer>();
  #closed = false;

  /** Opens or creates the file. Throws StoreLocked, StoreCorrupt, StoreFull, StoreUnavailable. */
  constructor(path: string, clock: Clock) {
    this.endpoint = endpointOf(path);
    this.#clock = clock;
    this.#db = openDatabase(path);
    this.#history = openHistory(this.#db, this.endpoint);
    this.#writes = new GroupCommit({
      transaction: (work) => this.#translated(() => this.#history.transaction(work)),
      onCommitted: () => {
        for (const watcher of this.#watchers) watcher.notify();
      },
    });
    // As in etcd, a restart gives every lease its full time again: nobody could renew it meanwhile.
    for (const { id, ttlSeconds } of this.#history.leases()) this.#startTtl(id, ttlSeconds * 1000);
  }

  async revision(): Promise<number> {
    return this.#read(() => this.#history.revision);
  }

  async get(key: string): Promise<StoredValue | undefined> {
    return this.#read(() => this.#history.get(key));
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListResult> {
    return this.#read(() => this.#history.list(prefix, options));
  }

  async commit(transaction: Transaction): Promise<CommitResult> {
    checkTransaction(transaction);
    return this.#write(() => this.#history.apply(transaction));
  }

  /** Reads the history from where the watcher is, whether that is long ago or the last commit: there is no seam to fall into. */
  async *watch(prefix: string, { after, signal }: { after: number; signal: AbortSignal }): AsyncIterable<StoreEvents> {
    const history = this.#history;
    if (after > history.revision) throw history.notKept(after);
    let seen = after;
    const pulse = new Pulse();
    this.#watchers.add(pulse);
    pulse.notify();
    try {
      for await (const _ of pulse.stream(signal)) {
        this.#checkOpen();
        while (seen < history.revision && !signal.aborted) {
          if (seen < history.compacted) throw history.notKept(seen);
          const upTo = Math.min(seen + WATCH_STEP, history.revision);
          const batches = this.#read(() => history.events(prefix, seen, upTo));
          seen = upTo;
          for (const batch of batches) {
            if (signal.aborted) return;
            yield batch;
          }
        }
      }
    } finally {
      this.#watchers.delete(pulse);
    }
  }

  async compact(revision: number): Promise<void> {
    const newest = this.#history.revision;
    if (revision > newest) {
      throw new SampanError('BadRequest', {
        detail: `revision ${revision} is still to come, the store is at ${newest}`,
      });
    }
    while (this.#history.compacted < revision) {
      const step = Math.min(this.#history.compacted + COMPACT_STEP, revision);
      await this.#write(() => {
        if (step > this.#history.compacted) this.#history.compact(step);
      });
    }
    this.#read(() => this.#db.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`));
  }

  async grantLease(ttlSeconds: number): Promise<StoreLease> {
    const id = await this.#write(() => this.#history.grantLease(ttlSeconds));
    this.#startTtl(id, ttlSeconds * 1000);
    return {
      id,
      ttlSeconds,
      renew: async () => {
        this.#checkOpen();
        if (!this.#expiries.has(id)) throw new SampanError('NotFound', { resource: 'lease', name: id });
        this.#startTtl(id, ttlSeconds * 1000);
      },
      revoke: () => this.#endLease(id),
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#writes.flush();
    this.#closed = true;
    for (const cancel of this.#expiries.values()) cancel();
    for (const watcher of this.#watchers) watcher.notify();
    this.#db.close();
  }

  #startTtl(id: LeaseId, ms: number): void {
    this.#stopTtl(id);
    this.#expiries.set(
      id,
      this.#clock.setTimer(ms, () => this.#expire(id)),
    );
  }

  #stopTtl(id: LeaseId): void {
    this.#expiries.get(id)?.();
    this.#expiries.delete(id);
  }

  #expire(id: LeaseId): void {
    // The failure is dealt with: it is tried again.
    this.#endLease(id).catch(() => {});
  }

  /** The lease is over from now on, also where its keys cannot be deleted yet. */
  async #endLease(id: LeaseId): Promise<void> {
    this.#stopTtl(id);
    try {
      await this.#write(() => this.#history.endLease(id));
    } catch (error) {
      if (!this.#closed) this.#clock.setTimer(EXPIRY_RETRY_MS, () => this.#expire(id));
      throw error;
    }
  }

  async #write<T>(work: () => T): Promise<T> {
    this.#checkOpen();
    return this.#writes.run(work);
  }

  #read<T>(query: () => T): T {
    this.#checkOpen();
    return this.#translated(query);
  }

  #translated<T>(query: () => T): T {
    try {
      return query();
    } catch (error) {
      throw storeError(error, this.endpoint);
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw new SampanError('StoreUnavailable', { endpoint: this.endpoint, detail: 'it is closed' });
  }
}

function openHistory(db: DatabaseSync, endpoint: string): History {
  try {
    return new History(db);
  } catch (error) {
    db.close();
    throw storeError(error, endpoint);
  }
}
