/**
 * Waits for a server to say something. What has come while this process itself stood still, stopped or starved, is heard before the
 * server is blamed. The API client's requests and the node's feed use it.
 */
export class Silence {
  readonly #timer: NodeJS.Timeout;
  /** How often something was heard. */
  #heard = 0;

  /** Calls `end`, once, when nothing was heard for so long. */
  constructor(ms: number, end: () => void) {
    this.#timer = setTimeout(() => {
      const before = this.#heard;
      // Timers come before what has arrived on sockets meanwhile, this comes after it.
      setImmediate(() => {
        if (this.#heard === before) end();
      });
    }, ms);
  }

  heard(): void {
    this.#heard += 1;
    this.#timer.refresh();
  }

  stop(): void {
    this.#heard += 1;
    clearTimeout(this.#timer);
  }
}
