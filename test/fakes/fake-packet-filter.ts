/** A packet filter in memory: it remembers what was applied, and answers dials as the table says. Held to the contract's suite. */
import {
  type Endpoint,
  endpointsOf,
  type PacketFilter,
  type RoutingTable,
  type ServiceRoute,
} from '../../reconcilers/ports/packet-filter.ts';
import type { Random } from '../../reconcilers/ports/random.ts';
import { FakeDisturbances } from './fake-disturbances.ts';

export class FakePacketFilter implements PacketFilter {
  readonly mode = 'nftables';
  /** Every table that was applied, in order. */
  readonly applied: RoutingTable[] = [];
  /** Thrown by the next apply, once. */
  failure: Error | undefined;
  readonly #random: Random;
  readonly #disturbances = new FakeDisturbances();
  /** By route, the endpoint that the one client there is was given. */
  readonly #given = new Map<string, Endpoint>();
  #table: RoutingTable | undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  /** What is in force, without a call. */
  get table(): RoutingTable | undefined {
    return this.#table;
  }

  async installed(): Promise<RoutingTable | undefined> {
    return this.#table;
  }

  async apply(table: RoutingTable): Promise<void> {
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
    this.applied.push(table);
    this.#table = table;
  }

  disturbances(signal: AbortSignal): AsyncGenerator<void, void> {
    return this.#disturbances.stream(signal);
  }

  async remove(): Promise<void> {
    this.#table = undefined;
  }

  /** Somebody flushes the rules. */
  damage(): void {
    this.#table = undefined;
    this.#disturbances.happen();
  }

  /** Where a new connection goes: to the route's cluster address, or to one from outside, from there or from within. */
  dial(dialled: ServiceRoute, from?: 'outside' | 'inside'): Endpoint | undefined {
    const { protocol, clusterIP, port } = dialled;
    const route = this.#table?.routes.find(
      (candidate) => candidate.protocol === protocol && candidate.clusterIP === clusterIP && candidate.port === port,
    );
    if (route === undefined) return undefined;
    const { endpoints, internal, outside } = route;
    const eligible = from === undefined ? internal : from === 'outside' ? outside : undefined;
    return this.#pick(route, eligible ?? endpoints);
  }

  #pick(route: ServiceRoute, eligible: readonly Endpoint[]): Endpoint | undefined {
    const given = this.#given.get(route.name);
    const isThere = endpointsOf(route).some(({ ip, port }) => ip === given?.ip && port === given.port);
    if (route.affinitySeconds !== undefined && isThere) return given;
    const picked = eligible[Math.floor(this.#random.next() * eligible.length)];
    if (picked !== undefined) this.#given.set(route.name, picked);
    return picked;
  }
}
