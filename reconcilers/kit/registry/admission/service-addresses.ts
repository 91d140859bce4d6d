/**
 * Cluster IPs and node ports: each address in use is a claim of its own in the store (`/registry/ranges/serviceips/10.96.0.7`),
 * written in the transaction that writes its Service and only if nobody has it. So no address is ever held twice, and none leaks,
 * whatever crashes when.
 */
import { invalid } from '../../../objects/field-error.ts';
import type { Json } from '../../../objects/json.ts';
import { storeKey } from '../../../objects/kinds.ts';
import { keyOf } from '../../../objects/meta.ts';
import type { Service } from '../../../objects/service.ts';
import { isSampanError, SampanError } from '../../../ports/errors.ts';
import type { Random } from '../../../ports/random.ts';
import type { Condition, Store, Write } from '../../../ports/store.ts';
import { addressAt, type Ipv4Range, inRange } from '../ipv4-range.ts';
import { type Addition, type Admission, type AdmittedWrite, NOTHING } from './admission.ts';

const IPS = '/registry/ranges/serviceips/';
const PORTS = '/registry/ranges/servicenodeports/';

export interface ServiceAddressOptions {
  readonly serviceRange: Ipv4Range;
  readonly nodePorts: { readonly first: number; readonly last: number };
}

export class ServiceAddresses implements Admission {
  readonly #deps: { store: Store; random: Random };
  readonly #options: ServiceAddressOptions;

  constructor(options: ServiceAddressOptions, deps: { store: Store; random: Random }) {
    this.#options = options;
    this.#deps = deps;
  }

  async admit(write: AdmittedWrite): Promise<Addition> {
    const service = write.object;
    if (service.kind !== 'Service') return NOTHING;
    switch (write.operation) {
      case 'create':
        return this.#claimNew(service);
      case 'update':
        return this.#claim(service, write.previous as Service);
      case 'delete':
        return { conditions: [], writes: keysOf(service).map((key): Write => ({ op: 'delete', key })) };
    }
  }

  /** That an address is taken by the Service of this very name is no news about the address. */
  async #claimNew(service: Service): Promise<Addition> {
    try {
      return await this.#claim(service, undefined);
    } catch (error) {
      const isOwn = isSampanError(error, 'Invalid') && (await this.#exists(service));
      if (!isOwn) throw error;
      throw new SampanError('AlreadyExists', { resource: 'services', name: service.metadata.name });
    }
  }

  async #exists(service: Service): Promise<boolean> {
    return (await this.#deps.store.get(storeKey('Service', keyOf(service)))) !== undefined;
  }

  /**
   * Fills in `service.spec.clusterIP(s)` and `nodePort`s where the author left them open, in place, and answers what to add to the
   * transaction. Throws Invalid where a wanted address is outside its range or taken, AddressesExhausted where none is left.
   */
  async #claim(service: Service, previous: Service | undefined): Promise<Addition> {
    const held = new Set(previous === undefined ? [] : keysOf(previous));
    const { spec } = service;
    if (!spec.clusterIP) spec.clusterIP = await this.#freeIp();
    else if (spec.clusterIP !== 'None') await this.#checkIp(service, held);
    spec.clusterIPs = [spec.clusterIP];

    if (spec.type === 'NodePort') {
      const chosen = new Set(spec.ports.flatMap((port) => port.nodePort ?? []));
      for (const port of spec.ports) {
        port.nodePort ??= await this.#freePort(chosen);
        chosen.add(port.nodePort);
      }
      await this.#checkPorts(service, held);
    } else {
      for (const port of spec.ports) delete port.nodePort;
    }

    const wanted = new Set(keysOf(service));
    const owner = JSON.stringify({ service: `${service.metadata.namespace}/${service.metadata.name}` });
    const added = [...wanted].filter((key) => !held.has(key));
    const dropped = [...held].filter((key) => !wanted.has(key));
    return {
      conditions: added.map((key): Condition => ({ key, modRevision: 0 })),
      writes: [
        ...added.map((key): Write => ({ op: 'put', key, value: owner })),
        ...dropped.map((key): Write => ({ op: 'delete', key })),
      ],
    };
  }

  async #checkIp(service: Service, held: ReadonlySet<string>): Promise<void> {
    const { clusterIP } = service.spec;
    if (held.has(IPS + clusterIP)) return;
    if (!inRange(this.#options.serviceRange, clusterIP)) {
      const range = this.#options.serviceRange.cidr;
      throw refused(
        service,
        'spec.clusterIPs',
        [clusterIP],
        `the provided IP (${clusterIP}) is not in the valid range. The range of valid IPs is ${range}`,
      );
    }
    if ((await this.#deps.store.get(IPS + clusterIP)) !== undefined) {
      throw refused(service, 'spec.clusterIPs', [clusterIP], 'failed to allocate IP: provided IP is already allocated');
    }
  }

  async #checkPorts(service: Service, held: ReadonlySet<string>): Promise<void> {
    const { first, last } = this.#options.nodePorts;
    for (const [index, { nodePort, protocol }] of service.spec.ports.entries()) {
      if (nodePort === undefined || held.has(portKey(nodePort, protocol))) continue;
      const field = `spec.ports[${index}].nodePort`;
      if (nodePort < first || nodePort > last) {
        throw refused(
          service,
          field,
          nodePort,
          `provided port is not in the valid range. The range of valid ports is ${first}-${last}`,
        );
      }
      if ((await this.#deps.store.get(portKey(nodePort, protocol))) !== undefined) {
        throw refused(service, field, nodePort, 'provided port is already allocated');
      }
    }
  }

  /**
   * A free cluster IP, at random from the upper part of the range, so that the lower one stays for wishes, as Kubernetes does
   * (KEP-3070); from the lower one when the upper is full.
   */
  async #freeIp(): Promise<string> {
    const { serviceRange: range } = this.#options;
    const reserved = Math.min(Math.max(16, Math.floor(range.size / 16)), 256, Math.floor(range.size / 2));
    const upper = { first: reserved, last: range.size - 2 };
    // The first address is the API server's own, the tenth the cluster's DNS server.
    const lower = { first: 11, last: reserved - 1 };
    const index = await this.#free(
      IPS,
      [upper, lower],
      (candidate) => addressAt(range, candidate),
      'cluster IP',
      range.cidr,
    );
    return addressAt(range, index);
  }

  async #freePort(chosen: ReadonlySet<number>): Promise<number> {
    const { nodePorts } = this.#options;
    const name = (port: number) => `${port}`;
    for (;;) {
      const port = await this.#free(PORTS, [nodePorts], name, 'node port', `${nodePorts.first}-${nodePorts.last}`);
      if (!chosen.has(port)) return port;
    }
  }

  async #free(
    prefix: string,
    bands: readonly { first: number; last: number }[],
    nameOf: (candidate: number) => string,
    what: string,
    range: string,
  ): Promise<number> {
    const { store, random } = this.#deps;
    const draw = (band: { first: number; last: number }) =>
      band.first + Math.floor(random.next() * (band.last - band.first + 1));
    const [preferred] = bands;
    for (let attempt = 0; attempt < 3 && preferred !== undefined && preferred.last >= preferred.first; attempt++) {
      const candidate = draw(preferred);
      const listed = await store.list(prefix + nameOf(candidate), { limit: 1 });
      if (listed.values.length === 0) return candidate;
    }
    const { values } = await store.list(prefix);
    const taken = new Set(values.map(({ key }) => key.slice(prefix.length).split('/')[0]));
    for (const band of bands) {
      const free: number[] = [];
      for (let candidate = band.first; candidate <= band.last; candidate++) {
        if (!taken.has(nameOf(candidate))) free.push(candidate);
      }
      const pick = free[Math.floor(random.next() * free.length)];
      if (pick !== undefined) return pick;
    }
    throw new SampanError('AddressesExhausted', { what, range });
  }
}

function keysOf(service: Service): string[] {
  const { clusterIP, ports } = service.spec;
  const nodePorts = ports.flatMap(({ nodePort, protocol }) => (nodePort ? portKey(nodePort, protocol) : []));
  return [...new Set([...(clusterIP === 'None' ? [] : [IPS + clusterIP]), ...nodePorts])];
}

function portKey(port: number, protocol: string): string {
  return `${PORTS}${port}/${protocol}`;
}

function refused(service: Service, field: string, value: Json, detail: string): SampanError {
  const problem = invalid(field, value, detail);
  return new SampanError('Invalid', {
    kind: 'Service',
    name: service.metadata.name,
    detail: problem.toString(),
    problems: [problem],
  });
}
