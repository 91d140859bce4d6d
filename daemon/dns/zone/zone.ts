/**
 * A part of the tree of names that is answered for here, from the object cache: the cluster's own names (cluster-zone.ts) and those of its
 * addresses (reverse-zone.ts). Lookups are pure functions over what is in the cache now, without I/O.
 */
import { RCODE, type ResourceRecord } from '../codec.ts';

/** Short: what a name stands for changes with the pods. CoreDNS has the same. */
export const TTL_SECONDS = 5;

export interface Found {
  readonly rcode: number;
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
  /** The name is another name for this one, of which the rest is to be asked: the CNAME in `answers` says so. */
  readonly goesOnAt?: string;
  /** The one Service that this hangs on, there or not, as `namespace/name`; absent where it hangs on others too. */
  readonly of?: string;
}

/** All that a name has, of every type. */
export interface NameRecords {
  readonly answers: readonly ResourceRecord[];
  /** The addresses of what the answers point to. */
  readonly additionals: readonly ResourceRecord[];
}

export interface Zone {
  /** `name` in lower case, without a dot at its end. */
  covers(name: string): boolean;
  lookup(name: string, type: number): Found;
}

export function found(answers: readonly ResourceRecord[], additionals: readonly ResourceRecord[] = []): Found {
  return { rcode: RCODE.NOERROR, answers, authorities: [], additionals };
}

/** The name exists, and has nothing of the type: RFC 2308 wants the zone's SOA record beside it. */
export function nothingOfThatType(soa: ResourceRecord): Found {
  return { rcode: RCODE.NOERROR, answers: [], authorities: [soa], additionals: [] };
}

export function noSuchName(soa: ResourceRecord): Found {
  return { rcode: RCODE.NXDOMAIN, answers: [], authorities: [soa], additionals: [] };
}

/** `serial`: the cache's revision. */
export function soaOf(
  zone: string,
  { clusterDomain, serial }: { clusterDomain: string; serial: number },
): ResourceRecord {
  return {
    type: 'SOA',
    name: zone,
    ttl: TTL_SECONDS,
    data: {
      mname: `ns.dns.${clusterDomain}`,
      rname: `hostmaster.${clusterDomain}`,
      serial: serial % 2 ** 32,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: TTL_SECONDS,
    },
  };
}

export function nameWithin(zone: string, name: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}
