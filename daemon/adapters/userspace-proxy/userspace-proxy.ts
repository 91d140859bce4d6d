/**
 * The packet filter for machines without nftables or without root: a TCP and UDP proxy in this process, with one listener per
 * Service address that has endpoints. The service-proxy loop applies tables through it. Endpoints see the proxy, not the client,
 * as their peer; without root there are node ports only. Connections end with the process, and do not
 * keep it from ending.
 */

import type { Clock } from '../../../reconcilers/ports/clock.ts';
import { messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';
import type { Log } from '../../../reconcilers/ports/log.ts';
import type { PacketFilter, RoutingTable } from '../../../reconcilers/ports/packet-filter.ts';
import type { Random } from '../../../reconcilers/ports/random.ts';
import { EndpointChoice } from './endpoint-choice.ts';
import type { Listener } from './listener.ts';
import { LocalAddresses } from './local-addresses.ts';
import { TcpListener } from './tcp-listener.ts';
import { UdpListener } from './udp-listener.ts';
import { listenersFor, type WantedListener } from './wanted-listeners.ts';

export interface UserspaceOptions {
  /** Whether to try to listen on cluster addresses too: it takes a route, and so root. */
  readonly clusterAddresses: boolean;
}

interface UserspaceDeps {
  readonly random: Random;
  readonly clock: Clock;
  readonly log: Log;
}

export class UserspaceProxy implements PacketFilter {
  readonly mode = 'userspace';
  readonly #options: UserspaceOptions;
  readonly #deps: UserspaceDeps;
  readonly #log: Log;
  readonly #local = new LocalAddresses();
  readonly #listeners = new Map<string, Listener>();
  table: RoutingTable | undefined;
  #inForce = false;
  #saidNodePortsOnly = false;

  constructor(deps: UserspaceDeps, options: UserspaceOptions = { clusterAddresses: true }) {
    this.#options = options;
    this.#deps = deps;
    this.#log = deps.log.with({ filter: 'userspace' });
  }

  async installed(): Promise<RoutingTable | undefined> {
    return this.#inForce ? this.table : undefined;
  }

  /** All listeners that can be opened are, also where one cannot; that one is then the error. */
  async apply(table: RoutingTable): Promise<void> {
    this.#inForce = false;
    const clusterAddresses = await this.#claimAddresses(table);
    const wanted = new Map(listenersFor(table, clusterAddresses).map((listener) => [keyOf(listener), listener]));
    for (const [key, listener] of this.#listeners) {
      if (wanted.has(key)) continue;
      listener.close();
      this.#listeners.delete(key);
    }
    const failures: string[] = [];
    for (const [key, listener] of wanted) {
      try {
        (this.#listeners.get(key) ?? (await this.#open(key, listener))).setRules(listener.rules);
      } catch (error) {
        failures.push(`${key}: ${messageOf(error)}`);
      }
    }
    if (failures.length > 0) throw new SampanError('PacketFilterFailed', { detail: failures.join('; ') });
    this.table = table;
    this.#inForce = true;
  }

  /** Nobody else can change what this process listens on. */
  async *disturbances(): AsyncGenerator<void, void> {}

  async remove(): Promise<void> {
    for (const listener of this.#listeners.values()) listener.close();
    this.#listeners.clear();
    this.table = undefined;
    this.#inForce = false;
    if (this.#options.clusterAddresses) await this.#local.removeAll();
  }

  /** Whether clients reach this process at all addresses of the table. */
  async #claimAddresses({ serviceCidr, routes }: RoutingTable): Promise<boolean> {
    let reason = 'it is switched off';
    if (this.#options.clusterAddresses) {
      try {
        const external = routes.flatMap((route) => (route.external ?? []).map(({ ip }) => ip));
        await this.#local.claim([serviceCidr, ...external]);
        return true;
      } catch (error) {
        reason = messageOf(error).trim();
      }
    }
    if (!this.#saidNodePortsOnly) {
      this.#saidNodePortsOnly = true;
      this.#log.error('userspace mode serves node ports only: cluster addresses need a route', { serviceCidr, reason });
    }
    return false;
  }

  async #open(key: string, wanted: WantedListener): Promise<Listener> {
    const choice = new EndpointChoice(this.#deps);
    const listener = wanted.protocol === 'TCP' ? new TcpListener(choice) : new UdpListener(choice);
    listener.setRules(wanted.rules); // before the first client comes
    await listener.open(wanted);
    this.#listeners.set(key, listener);
    return listener;
  }
}

function keyOf({ protocol, ip, port }: WantedListener): string {
  return `${protocol} ${ip}:${port}`;
}
