/** A packet filter that lives in an agent's namespace, for the contract's suite. */
import { setTimeout as delay } from 'node:timers/promises';
import type { PacketFilter, RoutingTable } from '../../../reconcilers/ports/packet-filter.ts';
import type { Agent } from './agent-client.ts';
import type { FilterSetup } from './filter-host.ts';

export class RemoteFilter implements PacketFilter {
  readonly mode: FilterSetup['mode'];
  table: RoutingTable | undefined;
  readonly #agent: Agent;

  private constructor(agent: Agent, mode: FilterSetup['mode']) {
    this.#agent = agent;
    this.mode = mode;
  }

  static async create(agent: Agent, setup: FilterSetup): Promise<RemoteFilter> {
    await agent.call('createFilter', setup);
    return new RemoteFilter(agent, setup.mode);
  }

  async installed(): Promise<RoutingTable | undefined> {
    return (await this.#agent.call('installedRoutes')) ?? undefined;
  }

  async apply(table: RoutingTable): Promise<void> {
    await this.#agent.call('applyRoutes', table);
    this.table = table;
  }

  async *disturbances(signal: AbortSignal): AsyncGenerator<void, void> {
    let seen = await this.#agent.call('countDisturbances');
    while (!signal.aborted) {
      const count = await this.#agent.call('countDisturbances');
      if (count > seen) yield;
      seen = count;
      await delay(10);
    }
  }

  remove(): Promise<void> {
    return this.#agent.call('removeFilter');
  }
}
