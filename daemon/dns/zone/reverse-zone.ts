/**
 * Names of addresses: of Services, of their endpoints, and none of what else is in the cluster's ranges, for which nobody else is to be
 * asked. An address outside of them that is an endpoint's has a name here too; all others are not this zone's. Pure over the cache.
 */
import type { Ipv4Range } from '../../../reconcilers/kit/registry/ipv4-range.ts';
import { inRange } from '../../../reconcilers/kit/registry/ipv4-range.ts';
import { RECORD_TYPE, type ResourceRecord } from '../codec.ts';
import type { ClusterObjects } from './cluster-objects.ts';
import { type Found, found, nameWithin, noSuchName, nothingOfThatType, soaOf, TTL_SECONDS, type Zone } from './zone.ts';

const SUFFIX = '.in-addr.arpa';

export interface ReverseZoneOptions {
  readonly clusterDomain: string;
  /** Of Services and of pods. */
  readonly ranges: readonly Ipv4Range[];
}

export class ReverseZone implements Zone {
  readonly #objects: ClusterObjects;
  readonly #options: ReverseZoneOptions;

  constructor(objects: ClusterObjects, options: ReverseZoneOptions) {
    this.#objects = objects;
    this.#options = options;
  }

  covers(name: string): boolean {
    const address = addressOf(name);
    return address !== undefined && (this.#rangeOf(address) !== undefined || this.#namesOf(address).length > 0);
  }

  lookup(name: string, type: number): Found {
    const { clusterDomain } = this.#options;
    const address = addressOf(name) ?? '';
    const soa = soaOf(zoneName(address, this.#rangeOf(address)), { clusterDomain, serial: this.#objects.revision });
    const names = this.#namesOf(address);
    if (names.length === 0) return noSuchName(soa);
    if (type !== RECORD_TYPE.PTR && type !== RECORD_TYPE.ANY) return nothingOfThatType(soa);
    return found(names.map((data): ResourceRecord => ({ type: 'PTR', name, ttl: TTL_SECONDS, data })));
  }

  /** A Service's address has the one name; an endpoint's has one for each of its Services. */
  #namesOf(address: string): string[] {
    const { clusterDomain } = this.#options;
    const service = this.#objects.serviceAt(address);
    if (service !== undefined) return [`${service.metadata.name}.${service.metadata.namespace}.svc.${clusterDomain}`];
    return this.#objects.endpointNamesAt(address).map((name) => `${name}.svc.${clusterDomain}`);
  }

  #rangeOf(address: string): Ipv4Range | undefined {
    return this.#options.ranges.find((range) => inRange(range, address));
  }
}

/** `7.0.244.10.in-addr.arpa` is 10.244.0.7. */
function addressOf(name: string): string | undefined {
  if (!nameWithin(SUFFIX.slice(1), name)) return undefined;
  const octets = name.slice(0, -SUFFIX.length).split('.');
  const isAddress =
    octets.length === 4 && octets.every((octet) => /^(0|[1-9]\d{0,2})$/.test(octet) && Number(octet) < 256);
  return isAddress ? octets.reverse().join('.') : undefined;
}

/** Zones end at whole octets: that of 10.96.3.4 in 10.96.0.0/12 is 96.10.in-addr.arpa. */
function zoneName(address: string, range: Ipv4Range | undefined): string {
  const octets = address.split('.').slice(0, Math.ceil((range?.prefixLength ?? 32) / 8));
  return `${octets.reverse().join('.')}${SUFFIX}`;
}
