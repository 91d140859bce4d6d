/** The objects that names and addresses stand for, by index over the object cache. The zones read it; nothing is searched through. */
import { isIPv4 } from 'node:net';
import type { ObjectIndex, ReadOnlyCache } from '../../../reconcilers/kit/object-cache.ts';
import type { Kind } from '../../../reconcilers/objects/kinds.ts';
import type { EndpointAddress, EndpointPort, Endpoints, Service } from '../../../reconcilers/objects/service.ts';

/** Who changes what is answered when one of them changes. */
export const NAMED_KINDS: readonly Kind[] = ['Namespace', 'Service', 'Endpoints'];

/** A ready one, with the name it has below its Service's. */
export interface NamedEndpoint {
  readonly ip: string;
  readonly hostname: string;
  readonly ports: readonly EndpointPort[];
}

export class ClusterObjects {
  readonly #cache: ReadOnlyCache;
  readonly #servicesByAddress: ObjectIndex<Service>;
  readonly #endpointsByAddress: ObjectIndex<Endpoints>;

  constructor(cache: ReadOnlyCache) {
    this.#cache = cache;
    this.#servicesByAddress = cache.index('Service', ({ spec }) => (isIPv4(spec.clusterIP) ? [spec.clusterIP] : []));
    this.#endpointsByAddress = cache.index('Endpoints', ({ subsets = [] }) => [
      ...new Set(subsets.flatMap(({ addresses = [] }) => addresses.map(({ ip }) => ip))),
    ]);
  }

  get revision(): number {
    return this.#cache.revision;
  }

  hasNamespace(name: string): boolean {
    return this.#cache.get('Namespace', { namespace: '', name }) !== undefined;
  }

  service(namespace: string, name: string): Service | undefined {
    return this.#cache.get('Service', { namespace, name });
  }

  /** Of the Service of that name. */
  endpoints(namespace: string, name: string): NamedEndpoint[] {
    return namedEndpoints(this.#cache.get('Endpoints', { namespace, name }));
  }

  serviceAt(address: string): Service | undefined {
    return this.#servicesByAddress.get(address)[0];
  }

  endpointsAt(address: string): readonly Endpoints[] {
    return this.#endpointsByAddress.get(address);
  }
}

/** An address in several subsets is one endpoint with the ports of all of them. */
export function namedEndpoints(endpoints: Endpoints | undefined): NamedEndpoint[] {
  const found = new Map<string, { ip: string; hostname: string; ports: EndpointPort[] }>();
  for (const { addresses = [], ports = [] } of endpoints?.subsets ?? []) {
    for (const address of addresses) {
      const hostname = hostnameOf(address);
      const known = found.get(`${hostname} ${address.ip}`);
      if (known) known.ports.push(...ports);
      else found.set(`${hostname} ${address.ip}`, { ip: address.ip, hostname, ports: [...ports] });
    }
  }
  return [...found.values()];
}

/** As CoreDNS: the one it was given, or its address. */
function hostnameOf({ hostname = '', ip }: EndpointAddress): string {
  return hostname === '' ? ip.replaceAll(/[.:]/g, '-') : hostname;
}
