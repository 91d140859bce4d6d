/** The objects that names and addresses stand for, by index over the object cache. The zones read it; nothing is searched through. */
import { isIPv4 } from 'node:net';
import type { ObjectIndex, ReadOnlyCache } from '../../../reconcilers/kit/object-cache.ts';
import { type EndpointSlice, LABEL_SERVICE_NAME } from '../../../reconcilers/objects/kinds/endpoint-slice.ts';
import type { ObjectOf } from '../../../reconcilers/objects/kinds.ts';
import { formatKey, keyOf, type ObjectMeta } from '../../../reconcilers/objects/meta.ts';
import type { EndpointPort, Service } from '../../../reconcilers/objects/service.ts';
import type { ObjectChange } from '../../../reconcilers/ports/object-client.ts';

/** The kinds that names come from. Endpoints as the service proxy has them: those of slices. */
export const NAMED_KINDS = ['Namespace', 'Service', 'EndpointSlice'] as const;

export type NamedObjects = { readonly [K in (typeof NAMED_KINDS)[number]]: readonly ObjectOf<K>[] };

export function isNamedKind(kind: string): boolean {
  return (NAMED_KINDS as readonly string[]).includes(kind);
}

/** All of them, without what no name comes from. */
export function namedObjects(cache: ReadOnlyCache): NamedObjects {
  return {
    Namespace: cache.list('Namespace').map((namespace) => ({ ...namespace, metadata: bare(namespace.metadata) })),
    Service: cache.list('Service').map((service) => ({ ...service, metadata: bare(service.metadata) })),
    EndpointSlice: cache.list('EndpointSlice').map((slice) => ({
      ...slice,
      metadata: bare(slice.metadata),
      endpoints: slice.endpoints.map(({ targetRef: _, ...endpoint }) => endpoint),
    })),
  };
}

function bare<T extends ObjectMeta>({ annotations: _, managedFields: __, ownerReferences: ___, ...metadata }: T) {
  return metadata;
}

/** A ready one, with the name it has below its Service's. */
export interface NamedEndpoint {
  readonly ip: string;
  readonly hostname: string;
  readonly ports: readonly EndpointPort[];
}

export class ClusterObjects {
  readonly #cache: ReadOnlyCache;
  readonly #servicesByAddress: ObjectIndex<Service>;
  readonly #slicesByService: ObjectIndex<EndpointSlice>;
  readonly #slicesByAddress: ObjectIndex<EndpointSlice>;

  constructor(cache: ReadOnlyCache) {
    this.#cache = cache;
    this.#servicesByAddress = cache.index('Service', ({ spec }) => (isIPv4(spec.clusterIP) ? [spec.clusterIP] : []));
    this.#slicesByService = cache.index('EndpointSlice', serviceOf);
    this.#slicesByAddress = cache.index('EndpointSlice', (slice) => {
      const addresses = slice.endpoints.flatMap((endpoint) => endpoint.addresses);
      return serviceOf(slice).length === 0 ? [] : [...new Set(addresses)];
    });
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
    return namedEndpoints(this.#slicesByService.get(`${namespace}/${name}`));
  }

  serviceAt(address: string): Service | undefined {
    return this.#servicesByAddress.get(address)[0];
  }

  /** What endpoints at the address are called, with their Service's name behind: `db-0.db.default`. */
  endpointNamesAt(address: string): string[] {
    const names = this.#slicesByAddress.get(address).flatMap((slice) => {
      const service = slice.metadata.labels?.[LABEL_SERVICE_NAME] ?? '';
      return namedEndpoints([slice])
        .filter(({ ip }) => ip === address)
        .map(({ hostname }) => `${hostname}.${service}.${slice.metadata.namespace}`);
    });
    return [...new Set(names)].sort();
  }
}

/** The Services whose names a change is news for, as `namespace/name`; undefined: maybe any. */
export function servicesNamedBy(change: ObjectChange): string[] | undefined {
  if (change.kind === 'Service') return [formatKey(keyOf(change.object))];
  if (change.kind !== 'EndpointSlice') return undefined;
  return [change.object, change.previous ?? []].flat().flatMap(serviceOf);
}

function serviceOf({ metadata: { namespace, labels } }: EndpointSlice): string[] {
  const name = labels?.[LABEL_SERVICE_NAME];
  return name === undefined ? [] : [`${namespace}/${name}`];
}

/** An address in several slices is one endpoint with the ports of all of them. */
function namedEndpoints(slices: readonly EndpointSlice[]): NamedEndpoint[] {
  const found = new Map<string, { ip: string; hostname: string; ports: EndpointPort[] }>();
  for (const { endpoints, ports = [], addressType } of slices) {
    if (addressType === 'FQDN') continue;
    const numbered = ports.flatMap(({ name = '', port, protocol = 'TCP' }) =>
      port === undefined ? [] : [{ name, port, protocol }],
    );
    for (const { addresses, conditions, hostname = '' } of endpoints) {
      // Kubernetes' API: not known means ready.
      if (conditions?.ready === false) continue;
      for (const ip of addresses) {
        const named = hostname === '' ? dashed(ip) : hostname;
        const known = found.get(`${named} ${ip}`);
        if (known) known.ports.push(...numbered);
        else found.set(`${named} ${ip}`, { ip, hostname: named, ports: [...numbered] });
      }
    }
  }
  return [...found.values()];
}

/** As CoreDNS names who has no name of its own. */
function dashed(ip: string): string {
  return ip.replaceAll(/[.:]/g, '-');
}
