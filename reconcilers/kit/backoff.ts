/** Exponential back-off with jitter, per key. The run loop keeps one; it forgets a key that succeeded. Pure but for `random`. */
import type { Random } from '../ports/random.ts';

export interface BackoffLimits {
  readonly firstMs: number;
  readonly mostMs: number;
}

export class Backoff {
  readonly #limits: BackoffLimits;
  readonly #random: Random;
  readonly #failures = new Map<string, number>();

  constructor(limits: BackoffLimits, random: Random) {
    this.#limits = limits;
    this.#random = random;
  }

  /** Counts a failure of `key` and answers how long to wait: doubled each time, ± 20 %. */
  nextMs(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const base = Math.min(this.#limits.mostMs, this.#limits.firstMs * 2 ** Math.min(failures, 30));
    return Math.round(base * (0.8 + 0.4 * this.#random.next()));
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }
}
