/**
 * What is used at a time, looked at when somebody asks and never else. A rate takes two looks: the last ones are kept for two minutes,
 * so only who asks after a pause waits a second for the next.
 */
import { type Clock, sleep } from '../../../reconcilers/ports/clock.ts';
import type { ResourceUsage } from '../../../reconcilers/ports/container-runtime.ts';
import { type History, LONGEST_MS, rateOf, remembered, SHORTEST_MS, type UsageRate } from './usage-rate.ts';

const SECOND_LOOK_MS = 1_000;

/** Something whose usage is counted. */
export interface Subject {
  readonly id: string;
  /** When its count began, in milliseconds since the epoch; absent where that is not known. */
  readonly startedAt?: number;
}

export type ReadUsage<S extends Subject> = (
  subjects: readonly S[],
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, ResourceUsage>>;

interface Known {
  readonly history: History;
  /** On our clock, which need not be that of the looks. */
  readonly lookedAt: number;
}

export class UsageSampler<S extends Subject> {
  readonly #read: ReadUsage<S>;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  constructor(read: ReadUsage<S>, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  /** By id, of those that `read` knows. Rejects when `signal` aborts. */
  async rates(subjects: readonly S[], signal: AbortSignal): Promise<ReadonlyMap<string, UsageRate>> {
    this.#forgetOld();
    const rates = new Map<string, UsageRate>();
    const seenOnce = await this.#look(subjects, rates, signal);
    if (seenOnce.length > 0) {
      await sleep(this.#clock, SECOND_LOOK_MS, signal);
      await this.#look(seenOnce, rates, signal);
    }
    return rates;
  }

  /** Adds to `rates`; answers those that are there and have none yet. */
  async #look(subjects: readonly S[], rates: Map<string, UsageRate>, signal: AbortSignal): Promise<readonly S[]> {
    const looks = new Map(subjects.flatMap(({ id }) => this.#freshLook(id)));
    const asked = subjects.filter(({ id }) => !looks.has(id));
    const read = await this.#read(asked, signal);
    const lookedAt = this.#clock.now();
    return subjects.filter(({ id, startedAt }) => {
      const look = read.get(id) ?? looks.get(id);
      if (look === undefined) return false;
      const history = this.#known.get(id)?.history ?? [];
      if (read.has(id)) this.#known.set(id, { history: remembered(history, look), lookedAt });
      const rate = rateOf(history, look, startedAt);
      if (rate !== undefined) rates.set(id, rate);
      return rate === undefined;
    });
  }

  /** Whoever asks again at once is told the same. */
  #freshLook(id: string): [string, ResourceUsage][] {
    const { history, lookedAt } = this.#known.get(id) ?? { history: [], lookedAt: 0 };
    const [, last] = history;
    return last !== undefined && Math.abs(this.#clock.now() - lookedAt) < SHORTEST_MS ? [[id, last]] : [];
  }

  #forgetOld(): void {
    for (const [id, { lookedAt }] of this.#known) {
      if (Math.abs(this.#clock.now() - lookedAt) > LONGEST_MS) this.#known.delete(id);
    }
  }
}
