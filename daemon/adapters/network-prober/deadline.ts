/** One attempt with its time: a signal that aborts when the caller's does or the time is over, and which of the two it was. */
import type { ProbeLimits } from '../../../reconcilers/ports/prober.ts';

export class Deadline implements Disposable {
  readonly signal: AbortSignal;
  readonly #caller: AbortSignal;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #forward = () => this.#controller.abort();
  #isOver = false;

  constructor({ timeoutMs, signal }: ProbeLimits) {
    this.#caller = signal;
    this.signal = this.#controller.signal;
    signal.addEventListener('abort', this.#forward, { once: true });
    if (timeoutMs === undefined) return;
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      this.#controller.abort();
    }, timeoutMs);
  }

  /** The time is over. Throws where it was the caller who gave up. */
  get isOver(): boolean {
    if (!this.#isOver) this.#caller.throwIfAborted();
    return this.#isOver;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#caller.removeEventListener('abort', this.#forward);
  }
}
