/**
 * The names of the cluster's own domain: Services, their endpoints and ports, pods. The Kubernetes specification says which there are,
 * CoreDNS' kubernetes plugin what is answered where it is silent. The resolver asks it; it reads the object cache and nothing else.
 * https://github.com/kubernetes/dns/blob/master/docs/specification.md
 */
import { RECORD_TYPE, type ResourceRecord } from '../codec.ts';
import { type ClusterName, parseClusterName, type ServiceName } from './cluster-name.ts';
import type { ClusterObjects } from './cluster-objects.ts';
import { addressRecords, serviceRecords } from './service-records.ts';
import {
  type Found,
  found,
  type NameRecords,
  nameWithin,
  noSuchName,
  nothingOfThatType,
  soaOf,
  TTL_SECONDS,
  type Zone,
} from './zone.ts';

const SCHEMA_VERSION = '1.1.0';
const SCHEMA_TTL_SECONDS = 28_800;

export interface ClusterZoneOptions {
  /** `cluster.local` */
  readonly clusterDomain: string;
  /** Where this server is asked. */
  readonly clusterDns: string;
}

export class ClusterZone implements Zone {
  readonly #objects: ClusterObjects;
  readonly #options: ClusterZoneOptions;

  constructor(objects: ClusterObjects, options: ClusterZoneOptions) {
    this.#objects = objects;
    this.#options = options;
  }

  covers(name: string): boolean {
    return nameWithin(this.#options.clusterDomain, name);
  }

  lookup(name: string, type: number): Found {
    const parsed = parseClusterName(name.slice(0, -this.#options.clusterDomain.length - 1));
    const found = this.#found(name, type, parsed);
    return 'service' in parsed ? { ...found, of: `${parsed.namespace}/${parsed.service}` } : found;
  }

  #found(name: string, type: number, parsed: ClusterName): Found {
    const { clusterDomain } = this.#options;
    const soa = soaOf(clusterDomain, { clusterDomain, serial: this.#objects.revision });
    const records = this.#recordsOf(name, type, parsed, soa);
    if (records === undefined) return noSuchName(soa);
    const alias = records.answers.find((record) => record.type === 'CNAME');
    if (alias !== undefined) {
      const { data } = alias as { readonly data: string };
      return { ...found([alias]), ...(type !== RECORD_TYPE.CNAME && { goesOnAt: data.toLowerCase() }) };
    }
    const answers = records.answers.filter((record) => isOfType(record, type));
    if (answers.length === 0) return nothingOfThatType(soa);
    const additionals = [RECORD_TYPE.SRV, RECORD_TYPE.NS].some((pointing) => pointing === type)
      ? records.additionals
      : [];
    return found(answers, additionals);
  }

  /** All that the name has, ports only for who asks for them; undefined where there is no such name. */
  #recordsOf(name: string, type: number, parsed: ClusterName, soa: ResourceRecord): NameRecords | undefined {
    switch (parsed.kind) {
      case 'domain': {
        const server = `ns.dns.${name}`;
        const ns: ResourceRecord = { type: 'NS', name, ttl: TTL_SECONDS, data: server };
        return { answers: [soa, ns], additionals: this.#serverRecords(server) };
      }
      case 'name-server':
        return only(this.#serverRecords(name));
      case 'version':
        return only([{ type: 'TXT', name, ttl: SCHEMA_TTL_SECONDS, data: SCHEMA_VERSION }]);
      case 'branch':
        return only([]);
      case 'namespace':
        return this.#objects.hasNamespace(parsed.namespace) ? only([]) : undefined;
      case 'pod':
        return this.#objects.hasNamespace(parsed.namespace) ? only(addressRecords(name, [parsed.ip])) : undefined;
      case 'nothing':
        return undefined;
      default:
        return this.#serviceRecordsOf(name, type, parsed);
    }
  }

  #serviceRecordsOf(name: string, type: number, parsed: Extract<ClusterName, ServiceName>): NameRecords | undefined {
    const service = this.#objects.service(parsed.namespace, parsed.service);
    if (service === undefined) return undefined;
    const endpoints = () => this.#objects.endpoints(parsed.namespace, parsed.service);
    const withPorts = type === RECORD_TYPE.SRV || type === RECORD_TYPE.ANY;
    return serviceRecords(name, parsed, { service, endpoints, withPorts, clusterDomain: this.#options.clusterDomain });
  }

  #serverRecords(name: string): ResourceRecord[] {
    return addressRecords(name, [this.#options.clusterDns]);
  }
}

function only(answers: readonly ResourceRecord[]): NameRecords {
  return { answers, additionals: [] };
}

/** Who asks for any type is given addresses and what else there is; RFC 8482 does not ask for more. */
function isOfType(record: ResourceRecord, type: number): boolean {
  return type === RECORD_TYPE.ANY || RECORD_TYPE[record.type as keyof typeof RECORD_TYPE] === type;
}
