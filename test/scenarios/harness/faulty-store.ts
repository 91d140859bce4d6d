/**
 * A store that can be away, lose the answer to a write it has carried out, and hold back, repeat or break its watches. It stands
 * between the daemons of a scenario and the store that keeps the data, and writes down every revision for the invariants.
 */
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { CommitResult, ListOptions, Store, StoreEvents, Transaction } from '../../../reconcilers/ports/store.ts';
import { Channel } from '../../fakes/channel.ts';

interface Watcher {
  readonly out: Channel<StoreEvents>;
  readonly held: StoreEvents[];
  sent?: StoreEvents;
}

export type CommitListener = (transaction: Transaction, revision: number) => void;

export class FaultyStore implements Store {
  /** So many of the next writes are carried out, and their writer is told that the store is away. */
  answersToLose = 0;
  readonly #store: Store;
  readonly #onCommit: CommitListener;
  readonly #watchers = new Set<Watcher>();
  #isHolding = false;
  #isAway = false;

  constructor(store: Store, onCommit: CommitListener) {
    this.#store = store;
    this.#onCommit = onCommit;
  }

  get endpoint(): string {
    return this.#store.endpoint;
  }

  /** Every call and watch says StoreUnavailable, until {@link comeBack}. */
  goAway(): void {
    this.#isAway = true;
    this.breakWatches();
  }

  comeBack(): void {
    this.#isAway = false;
  }

  /** From now on watchers see nothing new, until {@link letWatchesGo}. */
  holdWatches(): void {
    this.#isHolding = true;
  }

  letWatchesGo(): void {
    this.#isHolding = false;
    for (const watcher of this.#watchers) for (const batch of watcher.held.splice(0)) send(watcher, batch);
  }

  /** The connection of every watch is lost; what was held back is never delivered on it. */
  breakWatches(): void {
    this.#isHolding = false;
    for (const { out } of this.#watchers) out.cut(this.#unavailable('the connection was lost'));
    this.#watchers.clear();
  }

  /** Every watcher is told again what it was told last. */
  repeatLast(): void {
    for (const { out, sent } of this.#watchers) if (sent !== undefined) out.send(sent);
  }

  async revision() {
    this.#checkHere();
    return this.#store.revision();
  }

  async get(key: string) {
    this.#checkHere();
    return this.#store.get(key);
  }

  async list(prefix: string, options?: ListOptions) {
    this.#checkHere();
    return this.#store.list(prefix, options);
  }

  async commit(transaction: Transaction): Promise<CommitResult> {
    this.#checkHere();
    const result = await this.#store.commit(transaction);
    if (!result.committed) return result;
    this.#onCommit(transaction, result.revision);
    if (this.answersToLose > 0) {
      this.answersToLose -= 1;
      throw this.#unavailable('the connection was lost before it answered');
    }
    return result;
  }

  async *watch(prefix: string, options: { after: number; signal: AbortSignal }): AsyncGenerator<StoreEvents> {
    this.#checkHere();
    const watcher: Watcher = { out: new Channel(), held: [] };
    const end = new AbortController();
    const abort = () => watcher.out.cut();
    options.signal.addEventListener('abort', abort, { once: true });
    this.#watchers.add(watcher);
    void this.#feed(watcher, prefix, { ...options, signal: AbortSignal.any([options.signal, end.signal]) });
    try {
      if (!options.signal.aborted) yield* watcher.out;
    } finally {
      end.abort();
      options.signal.removeEventListener('abort', abort);
      this.#watchers.delete(watcher);
    }
  }

  async #feed(watcher: Watcher, prefix: string, options: { after: number; signal: AbortSignal }): Promise<void> {
    try {
      for await (const batch of this.#store.watch(prefix, options)) {
        if (this.#isHolding) watcher.held.push(batch);
        else send(watcher, batch);
      }
    } catch (error) {
      watcher.out.end(error as Error);
    }
  }

  compact(revision: number): Promise<void> {
    return this.#store.compact(revision);
  }

  async grantLease(ttlSeconds: number) {
    this.#checkHere();
    return this.#store.grantLease(ttlSeconds);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #checkHere(): void {
    if (this.#isAway) throw this.#unavailable('connect ECONNREFUSED');
  }

  #unavailable(detail: string): SampanError {
    return new SampanError('StoreUnavailable', { endpoint: this.endpoint, detail });
  }
}

function send(watcher: Watcher, batch: StoreEvents): void {
  watcher.sent = batch;
  watcher.out.send(batch);
}
