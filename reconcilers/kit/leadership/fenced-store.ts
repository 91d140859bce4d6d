/**
 * The store as a leader may write it: every transaction carries the condition that nobody else has led since, so a leader that was
 * paused for a minute and wakes writes nothing. The leader's registry is made over it; reads and leases are the store's own.
 */
import { SampanError } from '../../ports/errors.ts';
import type {
  CommitResult,
  ListOptions,
  ListResult,
  Store,
  StoredValue,
  StoreEvents,
  StoreLease,
  Transaction,
} from '../../ports/store.ts';
import type { Term } from './election.ts';

export class FencedStore implements Store {
  readonly #store: Store;
  readonly #term: Pick<Term, 'fence' | 'end'>;

  constructor(store: Store, term: Pick<Term, 'fence' | 'end'>) {
    this.#store = store;
    this.#term = term;
  }

  get endpoint(): string {
    return this.#store.endpoint;
  }

  /** LeadershipLost where somebody else has led since; nothing is written then, and the term is over. */
  async commit({ conditions, writes }: Transaction): Promise<CommitResult> {
    const { fence } = this.#term;
    const result = await this.#store.commit({ conditions: [...conditions, fence], writes });
    if (result.committed || !result.failed.includes(fence.key)) return result;
    this.#term.end();
    throw new SampanError('LeadershipLost', {});
  }

  revision(): Promise<number> {
    return this.#store.revision();
  }

  get(key: string): Promise<StoredValue | undefined> {
    return this.#store.get(key);
  }

  list(prefix: string, options?: ListOptions): Promise<ListResult> {
    return this.#store.list(prefix, options);
  }

  watch(prefix: string, options: { after: number; signal: AbortSignal }): AsyncIterable<StoreEvents> {
    return this.#store.watch(prefix, options);
  }

  compact(revision: number): Promise<void> {
    return this.#store.compact(revision);
  }

  grantLease(ttlSeconds: number): Promise<StoreLease> {
    return this.#store.grantLease(ttlSeconds);
  }

  /** The store is another's to close. */
  async close(): Promise<void> {}
}
