/**
 * The revisioned key-value history in SQLite: every statement of the embedded store, and the revision counter. SqliteStore calls
 * it, writing only inside `transaction`; it is synchronous throughout and knows neither watchers nor timers.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type {
  CommitResult,
  LeaseId,
  ListOptions,
  ListResult,
  StoredValue,
  StoreEvent,
  StoreEvents,
  Transaction,
  Write,
} from '../../../reconcilers/ports/store.ts';
import { listStart, prefixEnd } from '../../../reconcilers/ports/store-rules.ts';

/** SQLite orders every BLOB after every TEXT: the end of a range that has none. */
const AFTER_ALL_KEYS = new Uint8Array(0);
const NO_LIMIT = -1;

type Row = readonly [key: string, value: string | null, createRevision: number, revision: number];
type EventRow = readonly [...Row, previousValue: string | null, previousCreate: number | null, previous: number | null];

export class History {
  readonly #db: DatabaseSync;
  readonly #sql: ReturnType<typeof prepare>;
  readonly #leases: Set<LeaseId>;
  /** The last write's; an empty etcd is at 1, too. */
  #revision: number;
  #compacted: number;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#sql = prepare(db);
    this.#compacted = this.#sql.compacted.get()?.revision as number;
    // Compaction may have removed the newest rows (deletions), but never those after the revision it was told.
    this.#revision = Math.max(1, this.#compacted, (this.#sql.newestRevision.get()?.revision as number | null) ?? 0);
    this.#leases = new Set(this.leases().map(({ id }) => id));
  }

  get revision(): number {
    return this.#revision;
  }

  get compacted(): number {
    return this.#compacted;
  }

  /** Runs `work` as one transaction, durable when it returns; what it throws undoes it all. */
  transaction<T>(work: () => T): T {
    const before = { revision: this.#revision, compacted: this.#compacted, leases: new Set(this.#leases) };
    this.#sql.begin.run();
    try {
      const result = work();
      this.#sql.commit.run();
      return result;
    } catch (error) {
      this.#revision = before.revision;
      this.#compacted = before.compacted;
      this.#leases.clear();
      for (const id of before.leases) this.#leases.add(id);
      // SQLite rolls back by itself after some errors, a full disk among them.
      if (this.#db.isTransaction) this.#sql.rollback.run();
      throw error;
    }
  }

  get(key: string): StoredValue | undefined {
    const row = this.#sql.newest.get(key) as unknown as Row | undefined;
    return row && toValue(row);
  }

  list(prefix: string, options: ListOptions): ListResult {
    const revision = options.revision ?? this.#revision;
    if (revision < this.#compacted || revision > this.#revision) throw this.notKept(revision);
    const limit = options.limit ?? Number.POSITIVE_INFINITY;
    const rows = this.#sql.list.all(
      listStart(prefix, options.after),
      prefixEnd(prefix) ?? AFTER_ALL_KEYS,
      revision,
      Number.isFinite(limit) ? limit + 1 : NO_LIMIT,
    ) as unknown as Row[];
    const values = rows.slice(0, limit).flatMap((row) => toValue(row) ?? []);
    return { values, revision, more: rows.length > limit };
  }

  /** What was written below `prefix` in the revisions (after, upTo], oldest first. */
  events(prefix: string, after: number, upTo: number): StoreEvents[] {
    const end = prefixEnd(prefix) ?? AFTER_ALL_KEYS;
    const batches: { revision: number; events: StoreEvent[] }[] = [];
    for (const row of this.#sql.events.all(after, upTo, prefix, end) as unknown as EventRow[]) {
      const revision = row[3];
      if (batches.at(-1)?.revision !== revision) batches.push({ revision, events: [] });
      batches.at(-1)?.events.push(toEvent(row));
    }
    return batches;
  }

  apply({ conditions, writes }: Transaction): CommitResult {
    for (const write of writes) {
      if (write.op === 'put' && write.lease !== undefined) this.checkLease(write.lease);
    }
    const failed = conditions
      .filter(({ key, modRevision }) => (this.#revisionsOf(key)?.modRevision ?? 0) !== modRevision)
      .map(({ key }) => key);
    if (failed.length > 0) return { committed: false, revision: this.#revision, failed };
    this.#write(writes);
    return { committed: true, revision: this.#revision };
  }

  /** Drops what was superseded or deleted at or before `revision`. Its cost follows the changes since the last compaction. */
  compact(revision: number): void {
    this.#sql.dropSuperseded.run(this.#compacted, revision);
    this.#sql.dropDeletions.run(this.#compacted, revision);
    this.#sql.setCompacted.run(revision);
    this.#compacted = revision;
  }

  leases(): { id: LeaseId; ttlSeconds: number }[] {
    return this.#sql.leases.all().map((row) => {
      const [id, ttlSeconds] = row as unknown as [number, number];
      return { id: String(id), ttlSeconds };
    });
  }

  grantLease(ttlSeconds: number): LeaseId {
    const id = String(this.#sql.grantLease.run(ttlSeconds).lastInsertRowid);
    this.#leases.add(id);
    return id;
  }

  checkLease(id: LeaseId): void {
    if (!this.#leases.has(id)) throw new SampanError('NotFound', { resource: 'lease', name: id });
  }

  /** Deletes the lease and, under one revision, its keys. */
  endLease(id: LeaseId): void {
    const keys = this.#sql.keysOfLease.all(Number(id)) as unknown as [string][];
    this.#write(keys.map(([key]) => ({ op: 'delete', key })));
    this.#sql.deleteLease.run(Number(id));
    this.#leases.delete(id);
  }

  notKept(revision: number): SampanError {
    return new SampanError('StoreCompacted', { revision, oldest: this.#compacted, newest: this.#revision });
  }

  #write(writes: readonly Write[]): void {
    const revision = this.#revision + 1;
    for (const write of writes) {
      const current = this.#revisionsOf(write.key);
      if (write.op === 'delete' && current === undefined) continue;
      const createRevision = current?.createRevision ?? revision;
      const [value, lease] = write.op === 'put' ? [write.value, write.lease] : [null, undefined];
      const leaseId = lease === undefined ? null : Number(lease);
      this.#sql.append.run(revision, write.key, value, createRevision, current?.modRevision ?? 0, leaseId);
      this.#revision = revision;
    }
  }

  /** Of the key's current value, without reading it; undefined where there is none. */
  #revisionsOf(key: string): { createRevision: number; modRevision: number } | undefined {
    const row = this.#sql.newestRevisions.get(key) as unknown as [number, number, number] | undefined;
    if (row === undefined) return undefined;
    const [createRevision, modRevision, isDeleted] = row;
    return isDeleted === 1 ? undefined : { createRevision, modRevision };
  }
}

function prepare(db: DatabaseSync) {
  const asArrays = (sql: string): StatementSync => {
    const statement = db.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  };
  return {
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    rollback: db.prepare('ROLLBACK'),
    compacted: db.prepare('SELECT revision FROM compaction'),
    newestRevision: db.prepare('SELECT max(revision) AS revision FROM history'),
    newest: asArrays(
      'SELECT key, value, create_revision, revision FROM history WHERE key = ? ORDER BY revision DESC LIMIT 1',
    ),
    newestRevisions: asArrays(
      'SELECT create_revision, revision, value IS NULL FROM history WHERE key = ? ORDER BY revision DESC LIMIT 1',
    ),
    list: asArrays(`
      SELECT h.key, h.value, h.create_revision, h.revision
      FROM (SELECT key, max(revision) AS revision FROM history
            WHERE key >= ?1 AND key < ?2 AND revision <= ?3 GROUP BY key ORDER BY key) AS newest
      CROSS JOIN history AS h ON h.key = newest.key AND h.revision = newest.revision
      WHERE h.value IS NOT NULL ORDER BY newest.key LIMIT ?4`),
    events: asArrays(`
      SELECT h.key, h.value, h.create_revision, h.revision, p.value, p.create_revision, p.revision
      FROM history AS h INDEXED BY history_by_revision
      LEFT JOIN history AS p ON p.key = h.key AND p.revision = h.previous
      WHERE h.revision > ?1 AND h.revision <= ?2 AND h.key >= ?3 AND h.key < ?4
      ORDER BY h.revision, h.key`),
    append: db.prepare(`
      INSERT INTO history (revision, key, value, create_revision, previous, lease) VALUES (?, ?, ?, ?, ?, ?)`),
    dropSuperseded: db.prepare(`
      DELETE FROM history WHERE id IN (
        SELECT p.id FROM history AS h INDEXED BY history_by_revision
        CROSS JOIN history AS p ON p.key = h.key AND p.revision = h.previous
        WHERE h.revision > ?1 AND h.revision <= ?2)`),
    dropDeletions: db.prepare('DELETE FROM history WHERE revision > ?1 AND revision <= ?2 AND value IS NULL'),
    setCompacted: db.prepare('UPDATE compaction SET revision = ?'),
    leases: asArrays('SELECT id, ttl_seconds FROM leases'),
    grantLease: db.prepare('INSERT INTO leases (ttl_seconds) VALUES (?)'),
    deleteLease: db.prepare('DELETE FROM leases WHERE id = ?'),
    keysOfLease: asArrays(`
      SELECT key FROM history AS h WHERE lease = ?
      AND NOT EXISTS (SELECT 1 FROM history AS later WHERE later.key = h.key AND later.revision > h.revision)
      ORDER BY key`),
  };
}

function toValue([key, value, createRevision, modRevision]: Row): StoredValue | undefined {
  return value === null ? undefined : { key, value, createRevision, modRevision };
}

function toEvent(row: EventRow): StoreEvent {
  const [key, value, createRevision, modRevision, previousValue, previousCreate, previousRevision] = row;
  const before = previousValue !== null && {
    previous: {
      key,
      value: previousValue,
      createRevision: previousCreate as number,
      modRevision: previousRevision as number,
    },
  };
  return value === null
    ? { type: 'delete', key, ...before }
    : { type: 'put', key, value: { key, value, createRevision, modRevision }, ...before };
}
