/**
 * Whether Docker answers, what it says of itself, and which images it has: followed through its event stream, without polling. The
 * node loop's observation reads it; it decides nothing.
 */
import { followEvents } from '../kit/follow-events.ts';
import { type Clock, sleep } from '../ports/clock.ts';
import type { ContainerRuntime, RuntimeEvent } from '../ports/container-runtime.ts';
import type { RuntimeFacts } from './observation.ts';

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
  run(onChange: () => void, signal: AbortSignal): Promise<void> {
    const onEvent = async ({ type }: RuntimeEvent, session: AbortController) => {
      if (type === 'image') this.#refreshImages(onChange, session);
      if (type !== 'listening') return;
      const [info, images] = await Promise.all([this.#runtime.info(), this.#runtime.images()]);
      this.#facts = { info, images };
      onChange();
    };
    const onLost = (message: string) => {
      this.#lost(message);
      onChange();
    };
    return followEvents({ runtime: this.#runtime, clock: this.#clock, label: '', onEvent, onLost }, signal);
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
