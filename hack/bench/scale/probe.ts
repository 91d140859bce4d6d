/** Asks the API at a steady, small rate while others load it, and remembers how long each answer took. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiServers } from '../../../daemon/adapters/api-client/api-servers.ts';
import { isSampanError } from '../../../reconcilers/ports/errors.ts';
import { FIRST_NAMESPACE } from './workload.ts';

const GETS_PER_SECOND = 20;
const PUTS_PER_SECOND = 20;
const LISTS_PER_SECOND = 1;
const PATH = '/api/v1/namespaces/default/configmaps';

/** In ms, sorted. */
export type AnswerTimes = Record<'get' | 'put' | 'list', number[]>;

/** As its answer says. */
const COME_AGAIN_MS = 1_000;

export class Probe {
  readonly #api: ApiServers;
  readonly #stop = new AbortController();
  readonly #tookMs: AnswerTimes = { get: [], put: [], list: [] };
  readonly #asking: Promise<unknown>;

  constructor(api: ApiServers) {
    this.#api = api;
    this.#asking = this.#ask();
  }

  async end(): Promise<AnswerTimes> {
    this.#stop.abort();
    await this.#asking;
    for (const took of Object.values(this.#tookMs)) took.sort((a, b) => a - b);
    return this.#tookMs;
  }

  async #ask(): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'probe' }, data: {} };
    await this.#api.json({ method: 'POST', path: PATH, body }).catch(() => undefined);
    const path = `${PATH}/probe`;
    let turn = 0;
    await Promise.all([
      this.#regularly('get', GETS_PER_SECOND, () => this.#api.json({ path })),
      this.#regularly('put', PUTS_PER_SECOND, () => {
        turn += 1;
        return this.#api.json({ method: 'PUT', path, body: { ...body, data: { turn: String(turn) } } });
      }),
      this.#regularly('list', LISTS_PER_SECOND, () => this.#read(`/api/v1/namespaces/${FIRST_NAMESPACE}/pods`)),
    ]);
  }

  async #regularly(question: keyof AnswerTimes, perSecond: number, ask: () => Promise<unknown>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const since = performance.now();
      await untilTaken(ask);
      const tookMs = performance.now() - since;
      this.#tookMs[question].push(tookMs);
      await delay(Math.max(0, 1000 / perSecond - tookMs));
    }
  }

  /** To its end, unparsed. */
  async #read(path: string): Promise<void> {
    for await (const _ of await this.#api.open({ path }));
  }
}

/** A busy server asks clients to come again; the time until it takes the question is the client's too. */
async function untilTaken(ask: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      if (!isSampanError(error, 'TooManyRequests')) throw error;
      await delay(COME_AGAIN_MS);
    }
  }
}
