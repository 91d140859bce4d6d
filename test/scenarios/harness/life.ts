/**
 * The life of one daemon process. It counts what the process changes in the world, and can end right after any such change, before
 * the process learns of it: from then on nothing the process waits for ever comes, and nothing it does reaches anybody. A state of
 * the world in which a process can die is the state after some change, so dying after each in turn is dying everywhere.
 */
export class Life {
  readonly #onChange: (change: string) => void;
  readonly #end = new AbortController();
  #changes = 0;
  #calls = 0;
  #lastChange = Number.POSITIVE_INFINITY;

  /** `onChange` is told of every change, also of those that were under way when it died. */
  constructor(onChange: (change: string) => void) {
    this.#onChange = onChange;
  }

  /** Aborts when it ends. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  get isOver(): boolean {
    return this.#end.signal.aborted;
  }

  /** How often it changed the world. */
  get changes(): number {
    return this.#changes;
  }

  /** Grows as long as it does anything at all. */
  get calls(): number {
    return this.#calls;
  }

  kill(): void {
    this.#end.abort();
  }

  /** From now on so many changes are left to it; it dies with the last of them. */
  dieAfter(changes: number): void {
    this.#lastChange = this.#changes + changes;
  }

  /** Something it asks the world. */
  async ask<T>(work: () => Promise<T>): Promise<T> {
    return this.act(work, () => undefined);
  }

  /** Something it does to the world; `describe` says what has changed, or undefined where nothing has. */
  async act<T>(work: () => Promise<T>, describe: (result: T) => string | undefined): Promise<T> {
    if (this.isOver) return never();
    this.#calls += 1;
    try {
      const result = await work();
      const change = describe(result);
      if (change !== undefined) this.#changed(change);
      return this.isOver ? await never() : result;
    } catch (error) {
      return this.isOver ? await never() : Promise.reject(error);
    } finally {
      this.#calls += 1;
    }
  }

  /** What it listens to. */
  async *listen<T>(open: (signal: AbortSignal) => AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
    if (this.isOver) await never();
    try {
      for await (const value of open(AbortSignal.any([signal, this.signal]))) {
        if (this.isOver) break;
        this.#calls += 1;
        yield value;
      }
    } catch (error) {
      if (!this.isOver) throw error;
    }
    if (this.isOver) await never();
  }

  #changed(change: string): void {
    this.#changes += 1;
    this.#onChange(change);
    if (this.#changes >= this.#lastChange) this.kill();
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => {});
}
