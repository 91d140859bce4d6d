/** Keeps a packet filter, and if asked the service-proxy loop over it, in the agent's namespace. Objects are given, not stored. */
import { HealthCheckServers } from '../../../daemon/adapters/health-check-servers.ts';
import {
  NftablesFilter,
  type NftablesOptions,
} from '../../../daemon/adapters/kernel-network/nftables/nftables-filter.ts';
import { systemClock } from '../../../daemon/adapters/system-clock.ts';
import { systemRandom } from '../../../daemon/adapters/system-random.ts';
import { type UserspaceOptions, UserspaceProxy } from '../../../daemon/adapters/userspace-proxy/userspace-proxy.ts';
import type { ReadOnlyCache } from '../../../reconcilers/kit/object-cache.ts';
import { RunLoop } from '../../../reconcilers/kit/run-loop.ts';
import type { EndpointSlice } from '../../../reconcilers/objects/kinds/endpoint-slice.ts';
import type { Service } from '../../../reconcilers/objects/service.ts';
import type { ObjectChange } from '../../../reconcilers/ports/object-client.ts';
import type { ClusterNetwork, PacketFilter, RoutingTable } from '../../../reconcilers/ports/packet-filter.ts';
import { createServiceProxyLoop } from '../../../reconcilers/service-proxy/index.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { dial } from './client.ts';
import { NODE_NAME } from './objects.ts';

export type FilterSetup =
  | { readonly mode: 'nftables'; readonly options: NftablesOptions }
  | { readonly mode: 'userspace'; readonly options: UserspaceOptions };

interface Objects {
  Service: readonly Service[];
  EndpointSlice: readonly EndpointSlice[];
  readonly Node: readonly [];
}

export class FilterHost {
  readonly #log = new CollectedLog();
  readonly #healthChecks = new HealthCheckServers();
  readonly #objects: Objects = { Service: [], EndpointSlice: [], Node: [] };
  readonly #listeners = new Set<(change: ObjectChange) => void>();
  #filter: PacketFilter | undefined;
  #disturbances: number | undefined;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  create = async (setup: FilterSetup): Promise<void> => {
    const deps = { random: systemRandom, clock: systemClock, log: this.#log };
    this.#filter =
      setup.mode === 'nftables' ? new NftablesFilter(setup.options, deps) : new UserspaceProxy(deps, setup.options);
  };

  apply = async (table: RoutingTable): Promise<void> => this.#filterOrThrow.apply(table);

  /** null, since undefined does not pass through JSON. */
  installed = async (): Promise<RoutingTable | null> => (await this.#filterOrThrow.installed()) ?? null;

  /** Ends the loop, if one runs, and removes the filter's traces. */
  remove = async (): Promise<void> => {
    this.#stop.abort();
    await this.#running;
    this.#disturbances = undefined;
    await this.#filterOrThrow.remove();
  };

  /** Starts counting at the first call. */
  countDisturbances = async (): Promise<number> => {
    if (this.#disturbances === undefined) {
      this.#disturbances = 0;
      this.#stop = new AbortController();
      this.#running = this.#count();
    }
    return this.#disturbances;
  };

  startLoop = async (network: ClusterNetwork): Promise<void> => {
    const cache = { list: (kind: keyof Objects) => [...this.#objects[kind]] } as unknown as ReadOnlyCache;
    const loop = createServiceProxyLoop({
      cache,
      filter: this.#filterOrThrow,
      clock: systemClock,
      nodeName: NODE_NAME,
      healthChecks: this.#healthChecks,
      network: () => network,
    });
    const subscribe = (listener: (change: ObjectChange) => void) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    };
    this.#stop = new AbortController();
    const runLoop = new RunLoop(loop, {
      cache: { subscribe },
      clock: systemClock,
      random: systemRandom,
      log: this.#log,
    });
    this.#running = runLoop.run(this.#stop.signal);
  };

  /** What the store would hold from now on. */
  setObjects = async (services: readonly Service[], slices: readonly EndpointSlice[]): Promise<void> => {
    this.#objects.Service = services;
    this.#objects.EndpointSlice = slices;
    for (const listener of this.#listeners) {
      listener({ type: 'MODIFIED', kind: 'EndpointSlice', object: slices[0] as EndpointSlice });
    }
  };

  /** Milliseconds from a change of one slice until a new connection is answered by `pod`. */
  timeChange = async (changed: EndpointSlice, ip: string, port: number, pod: string): Promise<number> => {
    const name = changed.metadata.name;
    const others = this.#objects.EndpointSlice.filter((object) => object.metadata.name !== name);
    const start = performance.now();
    await this.setObjects(this.#objects.Service, [...others, changed]);
    while ((await dial(ip, port)).pod !== pod) {
      if (performance.now() - start > 5000)
        throw new Error(`${pod} did not answer in 5 s: ${JSON.stringify(this.#log.lines)}`);
    }
    return performance.now() - start;
  };

  get #filterOrThrow(): PacketFilter {
    if (this.#filter === undefined) throw new Error('createFilter comes first');
    return this.#filter;
  }

  async #count(): Promise<void> {
    for await (const _ of this.#filterOrThrow.disturbances(this.#stop.signal)) {
      this.#disturbances = (this.#disturbances ?? 0) + 1;
    }
  }
}
