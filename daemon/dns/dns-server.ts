/**
 * The cluster's DNS on this node: zones over the object cache, other names by way of the host's servers, listening over UDP and TCP on the
 * gateway of the pod network once that is there. `sampan run` makes one; the loop `cluster-dns` tells the cluster where it listens.
 */
import { randomBytes } from 'node:crypto';
import type { ObjectCache } from '../../reconcilers/kit/object-cache.ts';
import type { Ipv4Range } from '../../reconcilers/kit/registry/ipv4-range.ts';
import type { Clock } from '../../reconcilers/ports/clock.ts';
import { messageOf } from '../../reconcilers/ports/errors.ts';
import type { Log } from '../../reconcilers/ports/log.ts';
import { Resolver } from './resolver.ts';
import type { DnsStandby } from './standby/dns-standby.ts';
import { listenOnTcp } from './tcp-listener.ts';
import { type ListenAt, type Listener, listenOnUdp } from './udp-listener.ts';
import { askOverUdp, type Server } from './upstream/exchange.ts';
import { Forwarder } from './upstream/forwarder.ts';
import { LoopGuard } from './upstream/loop-guard.ts';
import { ResolvConf } from './upstream/resolv-conf.ts';
import { ClusterObjects, isNamedKind, servicesNamedBy } from './zone/cluster-objects.ts';
import { ClusterZone } from './zone/cluster-zone.ts';
import { ReverseZone } from './zone/reverse-zone.ts';

/** The last: any that is free. Who looks for it looks into the Endpoints of kube-dns. */
const PORTS = [53, 10_053, 0];

export interface DnsServerOptions {
  readonly clusterDomain: string;
  /** Where clients ask; it leads here. */
  readonly clusterDns: string;
  /** Whose addresses have their names here. */
  readonly ranges: readonly Ipv4Range[];
  /** A file like /etc/resolv.conf. */
  readonly resolvConf: string;
  /** The first that is free is listened on. */
  readonly ports?: readonly number[];
}

export interface DnsServerDeps {
  readonly cache: ObjectCache;
  readonly clock: Clock;
  readonly log: Log;
  /** Who answers when this process has ended; nobody without one. */
  readonly standby?: DnsStandby | undefined;
}

export class DnsServer {
  readonly resolver: Resolver;
  readonly #ports: readonly number[];
  readonly #log: Log;
  readonly #standby: DnsStandby | undefined;
  readonly #forgetNoMore: () => void;
  readonly #listeners: Listener[] = [];
  readonly #onListening: ((place: Server) => void)[] = [];
  #place: Server | undefined;
  #opening: Promise<void> | undefined;
  #isClosed = false;
  /** It was said that the address could not be had. */
  #isRefused = false;

  constructor(options: DnsServerOptions, { cache, clock, log, standby }: DnsServerDeps) {
    this.#log = log.with({ server: 'dns' });
    this.#standby = standby;
    this.#ports = options.ports ?? PORTS;
    const { clusterDomain, clusterDns, ranges } = options;
    const objects = new ClusterObjects(cache);
    const resolvConf = new ResolvConf(options.resolvConf, { clock, log: this.#log });
    const guard = new LoopGuard({
      servers: () => resolvConf.servers(),
      isOurs: (server) => server.address === clusterDns || isSame(server, this.#place),
      ask: askOverUdp,
      clusterDomain,
      token: () => randomBytes(8).toString('hex'),
      clock,
      log: this.#log,
    });
    const forwarder = new Forwarder({ servers: () => guard.servers(), clock, log: this.#log });
    this.resolver = new Resolver({
      zones: [
        new ClusterZone(objects, { clusterDomain, clusterDns }),
        new ReverseZone(objects, { clusterDomain, ranges }),
      ],
      forward: (query) => forwarder.ask(query),
      onMissing: (name) => guard.seen(name),
    });
    this.#forgetNoMore = cache.subscribe((change) => {
      if (!isNamedKind(change.kind)) return;
      const services = servicesNamedBy(change);
      if (services === undefined) this.resolver.forget();
      else for (const service of services) this.resolver.forget(service);
    });
  }

  /** Where it listens; undefined as long as it does not. */
  get place(): Server | undefined {
    return this.#place;
  }

  /** Calls `listener` when it has begun to listen. */
  onListening(listener: (place: Server) => void): void {
    this.#onListening.push(listener);
  }

  /**
   * Listens on `address`, on port 53 where that is free. Called whenever the pod network is seen to be there; what could not be opened is
   * tried again then. Never rejects: the log says once why pods are not answered.
   */
  async open(address: string): Promise<void> {
    if (this.#isClosed) return;
    this.#opening ??= this.#open(address).catch((error: unknown) => {
      this.#opening = undefined;
      if (this.#isRefused) return;
      this.#isRefused = true;
      this.#log.error('pods are not answered: the address cannot be listened on', { address, error: messageOf(error) });
    });
    await this.#opening;
  }

  /** Listens on sockets that another process has opened. */
  async adopt({ udp, tcp }: { readonly udp: number; readonly tcp: number }): Promise<void> {
    const listener = await listenOnUdp({ fd: udp }, this.resolver);
    this.#listeners.push(listener, await listenOnTcp({ fd: tcp }, this.resolver));
    this.#place = { address: listener.address, port: listener.port };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#forgetNoMore();
    await this.#opening;
    await this.#standby?.close();
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()));
  }

  async #open(address: string): Promise<void> {
    const listeners = await this.#listenOnAny(address);
    this.#listeners.push(...listeners);
    const [{ port }] = listeners;
    this.#place = { address, port };
    await this.#standby?.standBehind(this.#place);
    this.#log.info('names are answered', { address, port });
    if (!this.#isClosed) for (const listener of this.#onListening) listener(this.#place);
  }

  /** On the first port that is free for both protocols. */
  async #listenOnAny(address: string): Promise<[Listener, Listener]> {
    let failure: unknown;
    for (const port of this.#ports) {
      try {
        return await this.#listenOn({ address, port });
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  /** A place that can be handed on is one that can be shared, which nobody else must do than the standby of this daemon's forerunner. */
  async #listenOn(place: Server): Promise<[Listener, Listener]> {
    if (this.#standby === undefined) return listenOn(place, this.resolver);
    if (isSame(place, this.#standby.formerPlace)) return listenOn({ ...place, reusePort: true }, this.resolver);
    const alone = await listenOn(place, this.resolver);
    await Promise.all(alone.map((listener) => listener.close()));
    return listenOn({ ...place, port: alone[0].port, reusePort: true }, this.resolver);
  }
}

/** Both protocols. */
async function listenOn(at: Server & ListenAt, resolver: Resolver): Promise<[Listener, Listener]> {
  const tcp = await listenOnTcp(at, resolver);
  try {
    return [tcp, await listenOnUdp({ ...at, port: tcp.port }, resolver)];
  } catch (error) {
    await tcp.close();
    throw error;
  }
}

function isSame(a: Server, b: Server | undefined): boolean {
  return a.address === b?.address && a.port === b.port;
}
