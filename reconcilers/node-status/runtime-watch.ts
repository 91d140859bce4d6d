/**
 * Whether Docker answers, what it says of itself, and which images it has: followed through its event stream, without polling. The
 * node loop's observation reads it; it decides nothing.
 */
import { type Clock, sleep } from '../ports/clock.ts';
import type { ContainerRuntime } from '../ports/container-runtime.ts';
import { messageOf } from '../ports/errors.ts';
import type { RuntimeFacts } from './observation.ts';

const RECONNECT_MS = { first: 100, most: 5_000 };
/** A build or a pull tells of many images in a row. */
const GATHER_MS = 1_000;

export class RuntimeWatch {
  readonly #runtime: ContainerRuntime;
  readonly #clock: Clock;
  #facts: RuntimeFacts = { images: [] };
  #gathering = false;

  constructor(deps: { readonly runtime: ContainerRuntime; readonly clock: Clock }) {
    this.#runtime = deps.runtime;
    this.#clock = deps.clock;
  }

  get facts(): RuntimeFacts {
    return this.#facts;
  }

  /** Calls `onChange` whenever the facts may have changed, until `signal` aborts. Never throws. */
  async run(onChange: () => void, signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const session = new AbortController();
      try {
        for await (const event of this.#runtime.events('', AbortSignal.any([signal, session.signal]))) {
          if (event.type === 'listening') {
            this.#facts = { info: await this.#runtime.info(), images: await this.#runtime.images() };
            failures = 0;
            onChange();
          } else if (event.type === 'image') this.#refreshImages(onChange, session);
        }
        if (!signal.aborted) this.#lost('its event stream has ended');
      } catch (error) {
        if (!signal.aborted) this.#lost(messageOf(error));
      } finally {
        session.abort();
      }
      if (signal.aborted) return;
      onChange();
      const delayMs = Math.min(RECONNECT_MS.most, RECONNECT_MS.first * 2 ** failures);
      failures += 1;
      await sleep(this.#clock, delayMs, signal).catch(() => undefined);
    }
  }

  #refreshImages(onChange: () => void, session: AbortController): void {
    if (this.#gathering) return;
    this.#gathering = true;
    const refresh = async () => {
      try {
        await sleep(this.#clock, GATHER_MS, session.signal);
        this.#gathering = false;
        this.#facts = { ...this.#facts, images: await this.#runtime.images() };
        onChange();
      } catch {
        // The connection is gone, or goes now: the next one begins with a list.
        session.abort();
      } finally {
        this.#gathering = false;
      }
    };
    void refresh();
  }

  #lost(message: string): void {
    this.#facts = { ...this.#facts, away: this.#facts.away ?? { since: this.#clock.now(), message } };
  }
}
