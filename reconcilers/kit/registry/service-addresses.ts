/**
 * Cluster IPs and node ports: each address in use is a claim of its own in the store (`/registry/ranges/serviceips/10.96.0.7`),
 * written in the transaction that writes its Service and only if nobody has it. So no address is ever held twice, and none leaks,
 * whatever crashes when.
 */
import { invalid } from '../../objects/field-error.ts';
import type { Json } from '../../objects/json.ts';
import type { Service, ServicePort } from '../../objects/service.ts';
import { SampanError } from '../../ports/errors.ts';
import type { Random } from '../../ports/random.ts';
import type { Condition, Store, Write } from '../../ports/store.ts';
import { addressAt, type Ipv4Range, inRange } from './ipv4-range.ts';

const IPS = '/registry/ranges/serviceips/';
const PORTS = '/registry/ranges/servicenodeports/';

export interface ServiceAddressOptions {
  readonly serviceRange: Ipv4Range;
  readonly nodePorts: { readonly first: number; readonly last: number };
}

interface Claims {
  readonly conditions: Condition[];
  readonly writes: Write[];
}

export class ServiceAddresses {
  readonly #deps: { store: Store; random: Random };
  readonly #options: ServiceAddressOptions;

  constructor(options: ServiceAddressOptions, deps: { store: Store; random: Random }) {
    this.#options = options;
    this.#deps = deps;
  }

  /**
   * Fills in `service.spec.clusterIP(s)` and `nodePort`s where the author left them open, in place, and answers what to add to the
   * transaction. Throws Invalid where a wanted address is outside its range or taken, AddressesExhausted where none is left.
   */
  async claim(service: Service, previous: Service | undefined): Promise<Claims> {
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
      conditions: added.map((key) => ({ key, modRevision: 0 })),
      writes: [
        ...added.map((key): Write => ({ op: 'put', key, value: owner })),
        ...dropped.map((key): Write => ({ op: 'delete', key })),
      ],
    };
  }

  /** The writes that give the Service's addresses back. */
  release(service: Service): Write[] {
    return keysOf(service).map((key) => ({ op: 'delete', key }));
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

/** The Service with the addresses it has, where its author leaves them open: a rewrite of it keeps them. Pure. */
export function keepAddresses(next: Service, previous: Service): Service {
  const { clusterIP } = next.spec;
  const keepPorts = next.spec.type === 'NodePort';
  const ports = next.spec.ports.map((port) => {
    const before = nodePortOf(previous, port);
    if (keepPorts) return port.nodePort || before === undefined ? port : { ...port, nodePort: before };
    // A Service that no longer is of type NodePort gives up the ports it was given as one, as in Kubernetes.
    const { nodePort, ...rest } = port;
    return nodePort === before ? rest : port;
  });
  const kept = clusterIP ? [clusterIP] : previous.spec.clusterIPs;
  return { ...next, spec: { ...next.spec, ports, clusterIP: kept[0] ?? '', clusterIPs: kept } };
}

function keysOf(service: Service): string[] {
  const { clusterIP, ports } = service.spec;
  const nodePorts = ports.flatMap(({ nodePort, protocol }) => (nodePort ? portKey(nodePort, protocol) : []));
  return [...new Set([...(clusterIP === 'None' ? [] : [IPS + clusterIP]), ...nodePorts])];
}

function portKey(port: number, protocol: string): string {
  return `${PORTS}${port}/${protocol}`;
}

function nodePortOf(service: Service, port: ServicePort): number | undefined {
  return service.spec.ports.find((p) => p.port === port.port && p.protocol === port.protocol)?.nodePort;
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
