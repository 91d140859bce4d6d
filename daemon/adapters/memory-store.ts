/**
 * The store in memory: the plainest form of the port's semantics. Tests and scenarios run on it; nothing survives the process.
 */
import { Pulse } from '../../reconcilers/kit/pulse.ts';
import type { CancelTimer, Clock } from '../../reconcilers/ports/clock.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type {
  CommitResult,
  LeaseId,
  ListOptions,
  ListResult,
  Store,
  StoredValue,
  StoreEvent,
  StoreEvents,
  StoreLease,
  Transaction,
  Write,
} from '../../reconcilers/ports/store.ts';
import { checkTransaction, compareKeys, listStart } from '../../reconcilers/ports/store-rules.ts';

/** What a key was from `revision` on; no value: deleted. */
interface Version {
  readonly revision: number;
  readonly value?: StoredValue;
  readonly lease?: LeaseId | undefined;
}

export class MemoryStore implements Store {
  readonly endpoint = 'memory';
  readonly #clock: Clock;
  /** Of each key, oldest first. */
  readonly #versions = new Map<string, Version[]>();
  readonly #leases = new Map<LeaseId, CancelTimer>();
  readonly #watchers = new Set<Pulse>();
  #history: StoreEvents[] = [];
  /** An empty etcd is at revision 1, too. */
  #revision = 1;
  #compacted = 0;
  #leasesGranted = 0;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async revision(): Promise<number> {
    this.#checkOpen();
    return this.#revision;
  }

  async get(key: string): Promise<StoredValue | undefined> {
    this.#checkOpen();
    return this.#newest(key)?.value;
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListResult> {
    this.#checkOpen();
    const revision = options.revision ?? this.#revision;
    if (revision < this.#compacted || revision > this.#revision) throw this.#notKept(revision);
    const start = listStart(prefix, options.after);
    const values = [...this.#versions]
      .filter(([key]) => key.startsWith(prefix) && compareKeys(key, start) >= 0)
      .flatMap(([, versions]) => versions.findLast((version) => version.revision <= revision)?.value ?? [])
      .sort((a, b) => compareKeys(a.key, b.key));
    const limit = options.limit ?? values.length;
    return { values: values.slice(0, limit), revision, more: values.length > limit };
  }

  async commit(transaction: Transaction): Promise<CommitResult> {
    this.#checkOpen();
    checkTransaction(transaction);
    for (const write of transaction.writes) {
      if (write.op === 'put' && write.lease !== undefined) this.#checkLease(write.lease);
    }
    const failed = transaction.conditions
      .filter(({ key, modRevision }) => (this.#newest(key)?.value?.modRevision ?? 0) !== modRevision)
      .map(({ key }) => key);
    if (failed.length > 0) return { committed: false, revision: this.#revision, failed };
    this.#write(transaction.writes);
    return { committed: true, revision: this.#revision };
  }

  async *watch(prefix: string, options: { after: number; signal: AbortSignal }): AsyncIterable<StoreEvents> {
    if (options.after > this.#revision) throw this.#notKept(options.after);
    let seen = options.after;
    const pulse = new Pulse();
    this.#watchers.add(pulse);
    pulse.notify();
    try {
      for await (const _ of pulse.stream(options.signal)) {
        this.#checkOpen();
        while (seen < this.#revision && !options.signal.aborted) {
          if (seen < this.#compacted) throw this.#notKept(seen);
          const batch = this.#history[this.#history.findLastIndex(({ revision }) => revision <= seen) + 1];
          if (batch === undefined) break;
          seen = batch.revision;
          const events = batch.events.filter(({ key }) => key.startsWith(prefix));
          if (events.length > 0) yield { revision: seen, events };
        }
      }
    } finally {
      this.#watchers.delete(pulse);
    }
  }

  async compact(revision: number): Promise<void> {
    this.#checkOpen();
    if (revision > this.#revision) throw futureRevision(revision, this.#revision);
    if (revision <= this.#compacted) return;
    this.#compacted = revision;
    this.#history = this.#history.filter((batch) => batch.revision > revision);
    for (const [key, versions] of this.#versions) {
      const first = versions.findLastIndex((version) => version.revision <= revision);
      const kept = versions.slice(Math.max(0, versions[first]?.value === undefined ? first + 1 : first));
      if (kept.length > 0) this.#versions.set(key, kept);
      else this.#versions.delete(key);
    }
  }

  async grantLease(ttlSeconds: number): Promise<StoreLease> {
    this.#checkOpen();
    this.#leasesGranted += 1;
    const id = String(this.#leasesGranted);
    this.#startTtl(id, ttlSeconds);
    return {
      id,
      ttlSeconds,
      renew: async () => {
        this.#checkOpen();
        this.#checkLease(id);
        this.#leases.get(id)?.();
        this.#startTtl(id, ttlSeconds);
      },
      revoke: async () => {
        this.#checkOpen();
        if (this.#leases.has(id)) this.#endLease(id);
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const cancel of this.#leases.values()) cancel();
    for (const watcher of this.#watchers) watcher.notify();
  }

  #write(writes: readonly Write[]): void {
    const revision = this.#revision + 1;
    const events = writes.flatMap((write): StoreEvent[] => {
      const previous = this.#newest(write.key)?.value;
      const before = previous && { previous };
      if (write.op === 'delete') {
        if (previous === undefined) return [];
        this.#append(write.key, { revision });
        return [{ type: 'delete', key: write.key, ...before }];
      }
      const createRevision = previous?.createRevision ?? revision;
      const value = { key: write.key, value: write.value, createRevision, modRevision: revision };
      this.#append(write.key, { revision, value, lease: write.lease });
      return [{ type: 'put', key: write.key, value, ...before }];
    });
    if (events.length === 0) return;
    this.#revision = revision;
    this.#history.push({ revision, events: events.sort((a, b) => compareKeys(a.key, b.key)) });
    for (const watcher of this.#watchers) watcher.notify();
  }

  #append(key: string, version: Version): void {
    const versions = this.#versions.get(key);
    if (versions === undefined) this.#versions.set(key, [version]);
    else versions.push(version);
  }

  #newest(key: string): Version | undefined {
    return this.#versions.get(key)?.at(-1);
  }

  #startTtl(id: LeaseId, ttlSeconds: number): void {
    this.#leases.set(
      id,
      this.#clock.setTimer(ttlSeconds * 1000, () => this.#endLease(id)),
    );
  }

  #endLease(id: LeaseId): void {
    this.#leases.get(id)?.();
    this.#leases.delete(id);
    const keys = [...this.#versions.keys()].filter((key) => this.#newest(key)?.lease === id);
    this.#write(keys.map((key) => ({ op: 'delete', key })));
  }

  #checkLease(id: LeaseId): void {
    if (!this.#leases.has(id)) throw new SampanError('NotFound', { resource: 'lease', name: id });
  }

  #checkOpen(): void {
    if (this.#closed) throw new SampanError('StoreUnavailable', { endpoint: this.endpoint, detail: 'it is closed' });
  }

  #notKept(revision: number): SampanError {
    return new SampanError('StoreCompacted', { revision, oldest: this.#compacted, newest: this.#revision });
  }
}

function futureRevision(revision: number, newest: number): SampanError {
  return new SampanError('BadRequest', { detail: `revision ${revision} is still to come, the store is at ${newest}` });
}
