/** How what ends in the background (a pull, a stop) brings its pod back to the loop's queue, for as long as the loop runs. */
import type { ObjectKey } from '../objects/meta.ts';

export class Wakeups {
  #wake: (key: ObjectKey) => void = () => {};
  #signal = new AbortController().signal;

  /** Aborts when the loop ends: what runs in the background then has nobody to report to. */
  get signal(): AbortSignal {
    return this.#signal;
  }

  connect(wake: (key: ObjectKey) => void, signal: AbortSignal): void {
    this.#wake = wake;
    this.#signal = signal;
  }

  pod(key: ObjectKey): void {
    if (!this.#signal.aborted) this.#wake(key);
  }
}
