/**
 * The masters' loops of this process: on the embedded store always, since nobody else can open it; over etcd as long as this master
 * is the elected leader, and then with fenced writes. `sampan run` calls it; docs/decisions/0060 says why.
 */
import { Election } from '../reconcilers/kit/leadership/election.ts';
import { FencedStore } from '../reconcilers/kit/leadership/fenced-store.ts';
import type { Store } from '../reconcilers/ports/store.ts';
import { type AssembledLoop, type Core, type CoreOptions, flushEvents, leaderCore } from './assemble.ts';

export interface LeadOptions {
  readonly store: Store;
  readonly core: Core;
  readonly coreOptions: CoreOptions;
  /** Makes them anew, for each term. */
  readonly loopsOver: (core: Core) => readonly AssembledLoop[];
}

export interface ElectionConfig {
  readonly identity: string;
  readonly leaseSeconds: number;
}

export class Leadership {
  readonly #options: LeadOptions;
  readonly #election: Election | undefined;
  #running: readonly AssembledLoop[] = [];

  /** Without `election` nobody else can lead. */
  constructor(options: LeadOptions, election: ElectionConfig | undefined) {
    this.#options = options;
    const { store, core } = options;
    this.#election =
      election && new Election({ ...core, store }, { identity: election.identity, ttlSeconds: election.leaseSeconds });
  }

  /** Who leads, as far as is known; undefined where there is no election. */
  get leader(): string | undefined {
    return this.#election?.leader;
  }

  /** Those that run now. */
  get loops(): readonly AssembledLoop[] {
    return this.#running;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { store, core, coreOptions } = this.#options;
    if (this.#election === undefined) return this.#runLoops(core, signal);
    await this.#election.run(async (term) => {
      const leading = leaderCore(core, new FencedStore(store, term), coreOptions);
      await this.#runLoops(leading, term.signal);
      await flushEvents(leading);
    }, signal);
  }

  async #runLoops(core: Core, signal: AbortSignal): Promise<void> {
    this.#running = this.#options.loopsOver(core);
    try {
      await Promise.all(this.#running.map((loop) => loop.run(signal)));
    } finally {
      this.#running = [];
    }
  }
}
