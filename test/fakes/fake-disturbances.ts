/** What fakes of the kernel tell of changes made behind their back: one for each that a test makes while somebody listens. */
export class FakeDisturbances {
  readonly #waiting = new Set<() => void>();

  happen(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  async *stream(signal: AbortSignal): AsyncGenerator<void, void> {
    while (!signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      if (!signal.aborted) yield;
    }
  }
}
