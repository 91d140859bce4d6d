/**
 * The store: an ordered, revisioned key-value space with etcd v3's semantics. Every write gets the next revision of one
 * counter; a watch delivers every write after a revision, in order, without a gap. The registry (kit) is its only user;
 * etcd, SQLite and memory implement it and pass one contract suite.
 *
 *   commit ──> revision n ──> watchers get n ──> ... ──> compact(n): history before n is gone, n itself stays readable
 *
 * Errors: StoreUnavailable (retry), StoreFull (retry), StoreCompacted (list again).
 */

export interface StoredValue {
  readonly key: string;
  /** JSON text. */
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
}

/** The key's last write must be `modRevision`; 0: the key must not exist. */
export interface Condition {
  readonly key: string;
  readonly modRevision: number;
}

export type Write =
  | { readonly op: 'put'; readonly key: string; readonly value: string; readonly lease?: LeaseId }
  | { readonly op: 'delete'; readonly key: string };

export interface Transaction {
  readonly conditions: readonly Condition[];
  /** Carried out together, under one revision; no key twice. */
  readonly writes: readonly Write[];
}

/** `revision` is that of the transaction (or the store's, where nothing was written). */
export type CommitResult =
  | { readonly committed: true; readonly revision: number }
  /** A condition did not hold, nothing was written. `failed`: the keys whose condition failed. */
  | { readonly committed: false; readonly revision: number; readonly failed: readonly string[] };

export type StoreEvent =
  | { readonly type: 'put'; readonly key: string; readonly value: StoredValue; readonly previous?: StoredValue }
  | { readonly type: 'delete'; readonly key: string; readonly previous?: StoredValue };

/** All events of one revision (one transaction) below the watched prefix, in the order of their keys. */
export interface StoreEvents {
  readonly revision: number;
  readonly events: readonly StoreEvent[];
}

export interface ListOptions {
  /** Read as of this revision (StoreCompacted where its history is gone); default: now. */
  readonly revision?: number;
  /** At most so many values, in the order of their keys. */
  readonly limit?: number;
  /** Start after this key. */
  readonly after?: string;
}

export interface ListResult {
  readonly values: readonly StoredValue[];
  /** The store's revision the list is as of. */
  readonly revision: number;
  /** Whether `limit` cut the list. */
  readonly more: boolean;
}

export type LeaseId = string;

/** Keys put with a lease vanish (as deletes with a revision of their own) when it is not renewed for its TTL. */
export interface StoreLease {
  readonly id: LeaseId;
  readonly ttlSeconds: number;
  /** Starts the TTL anew. Throws NotFound where it has expired. */
  renew(): Promise<void>;
  /** Ends it and deletes its keys. */
  revoke(): Promise<void>;
}

export interface Store {
  /** For messages and `sampan status`: `etcd http://127.0.0.1:2379`, `sqlite /var/lib/sampan/store.db`. */
  readonly endpoint: string;
  /** That of the last write anybody has been answered; never older. */
  revision(): Promise<number>;
  get(key: string): Promise<StoredValue | undefined>;
  list(prefix: string, options?: ListOptions): Promise<ListResult>;
  /** Durable when it resolves. */
  commit(transaction: Transaction): Promise<CommitResult>;
  /**
   * Everything written below `prefix` after revision `after`, then what comes, until `signal` aborts (the iteration then
   * ends quietly). Throws StoreCompacted when `after` is older than the kept history, StoreUnavailable when the connection
   * is lost; the caller resumes from the last revision it saw.
   */
  watch(prefix: string, options: { after: number; signal: AbortSignal }): AsyncIterable<StoreEvents>;
  /** Drops the history before `revision`; current values stay. */
  compact(revision: number): Promise<void>;
  grantLease(ttlSeconds: number): Promise<StoreLease>;
  close(): Promise<void>;
}
