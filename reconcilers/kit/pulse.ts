/**
 * A level-triggered "something happened": any number of notifications before the reader looks are one. Adapters use it to turn
 * callbacks (file events, timers) into the async iterables that ports ask for. Has one reader at a time.
 */
export class Pulse {
  #pending = false;
  #wake: () => void = () => {};

  notify(): void {
    this.#pending = true;
    this.#wake();
  }

  /** Whether it was notified since the last take; forgets it. */
  take(): boolean {
    const pending = this.#pending;
    this.#pending = false;
    return pending;
  }

  /** Yields once for all notifications since the last yield, until `signal` aborts. */
  async *stream(signal: AbortSignal): AsyncGenerator<void, void> {
    const onAbort = () => this.#wake();
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted) {
        if (this.take()) yield;
        else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
            if (this.#pending || signal.aborted) resolve();
          });
        }
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }
}
