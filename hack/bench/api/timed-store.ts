/** A store that says how long its calls took, and when each commit was through. The API server under measure stands on it. */
import type { CommitResult, ListOptions, Store, Transaction } from '../../../reconcilers/ports/store.ts';

export class TimedStore implements Store {
  readonly #store: Store;
  /** Milliseconds in all calls so far, each from its beginning to its answer. */
  spentMs = 0;
  /** By revision, in ms of the machine's monotonic clock. */
  readonly committedAt = new Map<number, number>();

  constructor(store: Store) {
    this.#store = store;
  }

  get endpoint(): string {
    return this.#store.endpoint;
  }

  revision(): Promise<number> {
    return this.#timed(() => this.#store.revision());
  }

  get(key: string): ReturnType<Store['get']> {
    return this.#timed(() => this.#store.get(key));
  }

  list(prefix: string, options?: ListOptions): ReturnType<Store['list']> {
    return this.#timed(() => this.#store.list(prefix, options));
  }

  async commit(transaction: Transaction): Promise<CommitResult> {
    const result = await this.#timed(() => this.#store.commit(transaction));
    if (result.committed) this.committedAt.set(result.revision, monotonicMs());
    return result;
  }

  watch(...args: Parameters<Store['watch']>): ReturnType<Store['watch']> {
    return this.#store.watch(...args);
  }

  compact(revision: number): Promise<void> {
    return this.#store.compact(revision);
  }

  grantLease(ttlSeconds: number): ReturnType<Store['grantLease']> {
    return this.#store.grantLease(ttlSeconds);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #timed<T>(call: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await call();
    } finally {
      this.spentMs += performance.now() - start;
    }
  }
}

/** The same in every process of the machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
