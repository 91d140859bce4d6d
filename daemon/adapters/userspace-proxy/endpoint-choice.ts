/**
 * Whom a new client of one listener is passed on to: an endpoint chosen at random out of those that are for it, or the one it had
 * before where the Service wants that. The TCP and UDP listeners ask it.
 */
import type { Clock } from '../../../reconcilers/ports/clock.ts';
import type { Endpoint } from '../../../reconcilers/ports/packet-filter.ts';
import type { Random } from '../../../reconcilers/ports/random.ts';

export interface ChoiceRules {
  readonly endpoints: readonly Endpoint[];
  /** For callers from outside; absent: all are led alike. */
  readonly outside?: readonly Endpoint[];
  /** Where `outside` is given: who comes from there. */
  readonly isOutside: (client: string) => boolean;
  readonly isAllowed: (client: string) => boolean;
  readonly affinitySeconds?: number;
}

interface Memory {
  readonly endpoint: Endpoint;
  readonly at: number;
}

/** As many as nftables is told to remember. */
const MOST_CLIENTS = 65_536;

export class EndpointChoice {
  readonly #random: Random;
  readonly #clock: Clock;
  /** Who was heard last is last. */
  readonly #clients = new Map<string, Memory>();
  #rules: ChoiceRules | undefined;

  constructor(deps: { random: Random; clock: Clock }) {
    this.#random = deps.random;
    this.#clock = deps.clock;
  }

  setRules(rules: ChoiceRules): void {
    this.#rules = rules;
    if (rules.affinitySeconds === undefined) this.#clients.clear();
  }

  /** In the order in which to try them; empty: the client is turned away. */
  candidates(client: string): Endpoint[] {
    const endpoints = this.#endpointsFor(client);
    const order = endpoints.map((endpoint) => ({ endpoint, at: this.#random.next() }));
    const shuffled = order.sort((a, b) => a.at - b.at).map(({ endpoint }) => endpoint);
    const known = this.#known(client);
    const first = shuffled.findIndex((endpoint) => known !== undefined && isSame(endpoint, known));
    if (first > 0) shuffled.unshift(...shuffled.splice(first, 1));
    return shuffled;
  }

  /** The client is with this endpoint now. */
  chose(client: string, endpoint: Endpoint): void {
    if (this.#rules?.affinitySeconds === undefined) return;
    this.#clients.delete(client);
    this.#clients.set(client, { endpoint, at: this.#clock.now() });
    const [oldest] = this.#clients.keys();
    if (this.#clients.size > MOST_CLIENTS && oldest !== undefined) this.#clients.delete(oldest);
  }

  /** Whether a client that is with this endpoint may stay. */
  stillLeads(client: string, endpoint: Endpoint): boolean {
    return this.#endpointsFor(client).some((each) => isSame(each, endpoint));
  }

  #endpointsFor(client: string): readonly Endpoint[] {
    if (this.#rules === undefined || !this.#rules.isAllowed(client)) return [];
    const { endpoints, outside, isOutside } = this.#rules;
    return outside !== undefined && isOutside(client) ? outside : endpoints;
  }

  #known(client: string): Endpoint | undefined {
    const memory = this.#clients.get(client);
    const seconds = this.#rules?.affinitySeconds;
    if (memory === undefined || seconds === undefined) return undefined;
    return this.#clock.now() - memory.at < seconds * 1000 ? memory.endpoint : undefined;
  }
}

function isSame(a: Endpoint, b: Endpoint): boolean {
  return a.ip === b.ip && a.port === b.port;
}
