/**
 * The queue of keys to look at. A key is in it at most once and never in two workers at once; adding it while it is worked on
 * marks it dirty; of several delays the earliest wins; fresh keys go before retries. Holds no events, only keys.
 */
import type { CancelTimer, Clock } from '../ports/clock.ts';

export type Priority = 'fresh' | 'retry';

export class KeyedQueue {
  readonly #clock: Clock;
  readonly #ready: Record<Priority, Set<string>> = { fresh: new Set(), retry: new Set() };
  readonly #delayed = new Map<string, { at: number; priority: Priority; cancel: CancelTimer }>();
  readonly #working = new Set<string>();
  readonly #dirty = new Map<string, Priority>();
  #onReady: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Called whenever a key may be ready to take. */
  set onReady(callback: () => void) {
    this.#onReady = callback;
  }

  /** Nothing ready, nothing worked on; delayed keys may wait. */
  get quiet(): boolean {
    return this.#ready.fresh.size + this.#ready.retry.size + this.#working.size === 0;
  }

  get delayedKeys(): readonly string[] {
    return [...this.#delayed.keys()];
  }

  isWorking(key: string): boolean {
    return this.#working.has(key);
  }

  add(key: string, priority: Priority = 'fresh'): void {
    if (this.#working.has(key)) {
      if (this.#dirty.get(key) !== 'fresh') this.#dirty.set(key, priority);
      return;
    }
    this.#dropDelay(key);
    if (this.#ready.fresh.has(key)) return;
    if (priority === 'fresh') this.#ready.retry.delete(key);
    this.#ready[priority].add(key);
    this.#onReady();
  }

  addAfter(key: string, delayMs: number, priority: Priority = 'fresh'): void {
    const at = this.#clock.now() + delayMs;
    const waiting = this.#delayed.get(key);
    if (waiting !== undefined && waiting.at <= at) return;
    waiting?.cancel();
    const cancel = this.#clock.setTimer(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key, priority);
    });
    this.#delayed.set(key, { at, priority, cancel });
  }

  /** The next key to work on, now this caller's until {@link done}. */
  take(): string | undefined {
    for (const priority of ['fresh', 'retry'] as const) {
      for (const key of this.#ready[priority]) {
        this.#ready[priority].delete(key);
        this.#working.add(key);
        return key;
      }
    }
    return undefined;
  }

  /** Gives the key back. Answers whether it was added meanwhile (it is then ready again). */
  done(key: string): boolean {
    this.#working.delete(key);
    const priority = this.#dirty.get(key);
    this.#dirty.delete(key);
    if (priority !== undefined) this.add(key, priority);
    return priority !== undefined;
  }

  /** Whether the key was added since it was taken. */
  isDirty(key: string): boolean {
    return this.#dirty.has(key);
  }

  /** Takes note of the additions so far: the worker is about to read anew. */
  clean(key: string): void {
    this.#dirty.delete(key);
  }

  clear(): void {
    for (const key of this.#delayed.keys()) this.#dropDelay(key);
    this.#ready.fresh.clear();
    this.#ready.retry.clear();
  }

  #dropDelay(key: string): void {
    this.#delayed.get(key)?.cancel();
    this.#delayed.delete(key);
  }
}
