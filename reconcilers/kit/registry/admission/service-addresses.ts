/**
 * Cluster IPs and node ports: each address in use is a claim of its own in the store (`/registry/ranges/serviceips/10.96.0.7`),
 * written in the transaction that writes its Service and only if nobody has it. So no address is ever held twice, and none leaks,
 * whatever crashes when.
 */
import { invalid } from '../../../objects/field-error.ts';
import type { Json } from '../../../objects/json.ts';
import { storeKey } from '../../../objects/kinds.ts';
import { keyOf } from '../../../objects/meta.ts';
import { needsClusterIP, needsHealthCheckPort, needsNodePorts, type Service } from '../../../objects/service.ts';
import { setIPFamilies } from '../../../objects/service-defaults.ts';
import { isSampanError, SampanError } from '../../../ports/errors.ts';
import type { Random } from '../../../ports/random.ts';
import type { Condition, Store, Write } from '../../../ports/store.ts';
import { inRange } from '../ipv4-range.ts';
import { type Addition, type Admission, type AdmittedWrite, NOTHING } from './admission.ts';
import { FreeAddresses, IPS, PORTS, type ServiceAddressOptions } from './free-addresses.ts';

const HEALTH_CHECK_PROTOCOL = 'TCP';

export class ServiceAddresses implements Admission {
  readonly #deps: { store: Store; random: Random };
  readonly #options: ServiceAddressOptions;
  readonly #free: FreeAddresses;

  constructor(options: ServiceAddressOptions, deps: { store: Store; random: Random }) {
    this.#options = options;
    this.#deps = deps;
    this.#free = new FreeAddresses(options, deps);
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
   * Fills in the addresses of `service.spec` that its author left open, in place, and answers what to add to the transaction. Throws
   * Invalid where a wanted address is outside its range or taken, AddressesExhausted where none is left.
   */
  async #claim(service: Service, previous: Service | undefined): Promise<Addition> {
    const held = new Set(previous === undefined ? [] : keysOf(previous));
    const { spec } = service;
    setIPFamilies(spec);
    if (needsClusterIP(spec)) {
      if (spec.clusterIP === '') spec.clusterIP = await this.#free.ip();
      else if (spec.clusterIP !== 'None') await this.#checkIp(service, held);
      spec.clusterIPs = [spec.clusterIP];
    }
    if (needsNodePorts(spec)) await this.#claimPorts(service, held);

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

  /** TCP and UDP of one port get one number, as in Kubernetes. */
  async #claimPorts(service: Service, held: ReadonlySet<string>): Promise<void> {
    const { spec } = service;
    const chosen = new Set([spec.healthCheckNodePort ?? 0, ...spec.ports.map(({ nodePort = 0 }) => nodePort)]);
    const draw = async (): Promise<number> => {
      const port = await this.#free.nodePort(chosen);
      chosen.add(port);
      return port;
    };
    if (spec.type === 'NodePort' || spec.allocateLoadBalancerNodePorts !== false) {
      for (const port of spec.ports) {
        const sibling = spec.ports.find((other) => other !== port && other.port === port.port)?.nodePort;
        const isFree = sibling !== undefined && (await this.#isOpen(portKey(sibling, port.protocol), held));
        port.nodePort ??= isFree ? sibling : await draw();
      }
    }
    for (const [index, { nodePort, protocol }] of spec.ports.entries()) {
      const field = `spec.ports[${index}].nodePort`;
      if (nodePort !== undefined) await this.#checkPort(service, field, nodePort, protocol, held);
    }
    if (!needsHealthCheckPort(spec)) return;
    spec.healthCheckNodePort ??= await draw();
    await this.#checkPort(service, 'spec.healthCheckNodePort', spec.healthCheckNodePort, HEALTH_CHECK_PROTOCOL, held);
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

  async #checkPort(
    service: Service,
    field: string,
    port: number,
    protocol: string,
    held: ReadonlySet<string>,
  ): Promise<void> {
    const key = portKey(port, protocol);
    if (held.has(key)) return;
    const { first, last } = this.#options.nodePorts;
    if (port < first || port > last) {
      const detail = `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
      throw refused(service, field, port, detail);
    }
    if (!(await this.#isOpen(key, held))) throw refused(service, field, port, 'provided port is already allocated');
  }

  async #isOpen(key: string, held: ReadonlySet<string>): Promise<boolean> {
    return held.has(key) || (await this.#deps.store.get(key)) === undefined;
  }
}

function keysOf({ spec }: Service): string[] {
  const { clusterIP, ports, healthCheckNodePort } = spec;
  const nodePorts = ports.flatMap(({ nodePort, protocol }) => (nodePort ? portKey(nodePort, protocol) : []));
  return [
    ...new Set([
      ...(clusterIP === 'None' || clusterIP === '' ? [] : [IPS + clusterIP]),
      ...nodePorts,
      ...(healthCheckNodePort ? [portKey(healthCheckNodePort, HEALTH_CHECK_PROTOCOL)] : []),
    ]),
  ];
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
