/**
 * The records of one Service: of its own name, its ports' and its endpoints'. Called by cluster-zone.ts; pure. Undefined means that there
 * is no such name, which is what a headless Service without ready endpoints has too (specification, 2.4.1).
 */
import { isIP, isIPv4 } from 'node:net';
import type { EndpointPort, Service, ServicePort } from '../../../reconcilers/objects/service.ts';
import type { ResourceRecord } from '../codec.ts';
import type { ClusterName, ServiceName } from './cluster-name.ts';
import type { NamedEndpoint } from './cluster-objects.ts';
import { type NameRecords, TTL_SECONDS } from './zone.ts';

/** Priority and weight are free (specification, 2.3.2); these are CoreDNS'. */
const SRV_PRIORITY = 0;
const ALL_WEIGHT = 100;

export interface ServiceFacts {
  readonly service: Service;
  /** Read only where they matter. */
  readonly endpoints: () => readonly NamedEndpoint[];
  readonly clusterDomain: string;
  /** Whether SRV records are asked for. */
  readonly withPorts: boolean;
}

type OfService = Extract<ClusterName, ServiceName>;

export function serviceRecords(name: string, asked: OfService, facts: ServiceFacts): NameRecords | undefined {
  const { service } = facts;
  if (service.spec.type === 'ExternalName') return asked.kind === 'service' ? alias(name, service) : undefined;
  switch (asked.kind) {
    case 'service':
      return service.spec.clusterIP === 'None' ? headless(name, facts) : clustered(name, facts);
    case 'endpoint':
      return oneEndpoint(name, asked, facts);
    case 'protocol': {
      const hasPorts = namedPorts(facts).some((port) => hasProtocol(port, asked.protocol));
      return hasPorts ? { answers: [], additionals: [] } : undefined;
    }
    case 'port': {
      const isAsked = (port: Port) => port.name === asked.port && hasProtocol(port, asked.protocol);
      if (!namedPorts(facts).some(isAsked)) return undefined;
      return withPorts(name, [], facts, () => targetsOf(facts), isAsked);
    }
  }
}

export function addressRecords(name: string, addresses: readonly string[]): ResourceRecord[] {
  return addresses.flatMap((data) => {
    const family = isIP(data);
    if (family === 0) return [];
    return [{ type: family === 4 ? 'A' : 'AAAA', name, ttl: TTL_SECONDS, data } as const];
  });
}

/** An address is no name that could be asked for: https://kubernetes.io/docs/concepts/services-networking/service/#externalname */
function alias(name: string, { spec: { externalName = '' } }: Service): NameRecords | undefined {
  const target = externalName.replace(/\.$/, '');
  if (target === '' || isIPv4(target)) return undefined;
  return { answers: [{ type: 'CNAME', name, ttl: TTL_SECONDS, data: target }], additionals: [] };
}

function clustered(name: string, facts: ServiceFacts): NameRecords {
  return withPorts(name, addressRecords(name, [facts.service.spec.clusterIP]), facts, () => targetsOf(facts));
}

function headless(name: string, facts: ServiceFacts): NameRecords | undefined {
  const endpoints = facts.endpoints();
  if (endpoints.length === 0) return undefined;
  const addresses = [...new Set(endpoints.map(({ ip }) => ip))];
  return withPorts(name, addressRecords(name, addresses), facts, () => targetsOf(facts));
}

/** Of any Service, headless or not. */
function oneEndpoint(name: string, { hostname }: { readonly hostname: string }, facts: ServiceFacts) {
  const endpoints = facts.endpoints().filter((endpoint) => endpoint.hostname === hostname);
  if (endpoints.length === 0) return undefined;
  const addresses = endpoints.map(({ ip }) => ip);
  const targets = () => endpoints.map(({ ip, ports }) => ({ target: name, addresses: [ip], ports }));
  return withPorts(name, addressRecords(name, addresses), facts, targets);
}

/** The addresses, and where they are asked for, the ports. */
function withPorts(
  name: string,
  addresses: readonly ResourceRecord[],
  facts: ServiceFacts,
  targets: () => readonly Target[],
  isAsked?: (port: Port) => boolean,
): NameRecords {
  if (!facts.withPorts) return { answers: addresses, additionals: [] };
  const { answers, additionals } = srvOf(name, targets(), isAsked);
  return { answers: [...addresses, ...answers], additionals };
}

type Port = ServicePort | EndpointPort;

interface Target {
  readonly target: string;
  readonly addresses: readonly string[];
  readonly ports: readonly Port[];
}

/** Whom SRV records point to: the Service at its address, or each of its endpoints. */
function targetsOf({ service, endpoints, clusterDomain }: ServiceFacts): Target[] {
  const { clusterIP, ports } = service.spec;
  const target = `${service.metadata.name}.${service.metadata.namespace}.svc.${clusterDomain}`;
  if (clusterIP !== 'None') return [{ target, addresses: [clusterIP], ports }];
  return endpoints().map(({ hostname, ip, ports: own }) => ({
    target: `${hostname}.${target}`,
    addresses: [ip],
    ports: own,
  }));
}

/** Those without a name have no name of the kind `_port._protocol` either (specification, 2.3.2). */
function namedPorts({ service, endpoints }: ServiceFacts): readonly Port[] {
  const { clusterIP, ports } = service.spec;
  const all = clusterIP === 'None' ? endpoints().flatMap((endpoint) => endpoint.ports) : ports;
  return all.filter(({ name = '' }) => name !== '');
}

function srvOf(name: string, targets: readonly Target[], isAsked: (port: Port) => boolean = () => true): NameRecords {
  const pairs = targets.flatMap(({ target, ports }) => ports.filter(isAsked).map(({ port }) => ({ target, port })));
  const distinct = [...new Map(pairs.map((pair) => [`${pair.target} ${pair.port}`, pair])).values()];
  const weight = Math.max(1, Math.floor(ALL_WEIGHT / distinct.length));
  const answers = distinct.map(
    ({ target, port }): ResourceRecord => ({
      type: 'SRV',
      name,
      ttl: TTL_SECONDS,
      data: { priority: SRV_PRIORITY, weight, port, target },
    }),
  );
  const pointedTo = new Set(distinct.map(({ target }) => target));
  const additionals = targets
    .filter(({ target }) => pointedTo.has(target))
    .flatMap(({ target, addresses }) => addressRecords(target, addresses));
  return { answers, additionals };
}

function hasProtocol({ protocol }: Port, asked: string): boolean {
  return protocol.toLowerCase() === asked;
}
