/** Pod routes that live in an agent's namespace, for the contract's suite. The first part runs there, the second here. */
import { setTimeout as delay } from 'node:timers/promises';
import { KernelPodRoutes } from '../../../daemon/adapters/kernel-network/pod-routes/kernel-pod-routes.ts';
import type {
  InstalledPodRoutes,
  PodRoutes,
  PodTransport,
  RouteChanges,
} from '../../../reconcilers/ports/pod-routes.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import type { Agent } from './agent-client.ts';

export class RoutesHost {
  readonly #routes = new KernelPodRoutes(new CollectedLog());
  #stop = new AbortController();
  #disturbances: number | undefined;

  installed = (): Promise<InstalledPodRoutes> => this.#routes.installed();
  prepare = (transport: PodTransport): Promise<void> => this.#routes.prepare(transport);
  change = (transport: PodTransport, changes: RouteChanges): Promise<void> => this.#routes.change(transport, changes);

  /** Starts counting at the first call. */
  countDisturbances = async (): Promise<number> => {
    if (this.#disturbances === undefined) {
      this.#disturbances = 0;
      void this.#count(this.#stop.signal);
    }
    return this.#disturbances;
  };

  remove = async (): Promise<void> => {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#disturbances = undefined;
    await this.#routes.remove();
  };

  async #count(signal: AbortSignal): Promise<void> {
    for await (const _ of this.#routes.disturbances(signal)) this.#disturbances = (this.#disturbances ?? 0) + 1;
  }
}

export function remoteRoutes(agent: Agent): PodRoutes {
  return {
    installed: () => agent.call('installedPodRoutes'),
    prepare: (transport) => agent.call('preparePodRoutes', transport),
    change: (transport, changes) => agent.call('changePodRoutes', transport, changes),
    async *disturbances(signal) {
      let seen = await agent.call('countRouteDisturbances');
      while (!signal.aborted) {
        const count = await agent.call('countRouteDisturbances');
        if (count > seen) yield;
        seen = count;
        await delay(10);
      }
    },
    remove: () => agent.call('removePodRoutes'),
  };
}
