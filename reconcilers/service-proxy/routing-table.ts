/** Turns Services and EndpointSlices into the routing table this node should have. Called by plan.ts; pure. */
import { isIPv4 } from 'node:net';
import { type EndpointSlice, LABEL_SERVICE_NAME } from '../objects/kinds/endpoint-slice.ts';
import { formatKey, keyOf } from '../objects/meta.ts';
import type { Service, ServicePort, ServiceSpec } from '../objects/service.ts';
import type { ClusterNetwork, ExternalAddress, RoutingTable, ServiceRoute } from '../ports/packet-filter.ts';
import { candidatesOf, type Here, preferred, reachable } from './service-endpoints.ts';
import { sourcesOf } from './source-ranges.ts';

/** Whoever serves the Service in our stead. */
const LABEL_OTHER_PROXY = 'service.kubernetes.io/service-proxy-name';
const AFFINITY_SECONDS = 10_800;

export interface BuiltRoutingTable {
  readonly table: RoutingTable;
  /** One sentence per route, or address of one, that another route already has; it is left out. */
  readonly conflicts: readonly string[];
}

/** One route per port of each Service that has an IPv4 cluster address: headless Services and external names have none. */
export function buildRoutingTable(
  network: ClusterNetwork,
  here: Here,
  services: readonly Service[],
  slices: readonly EndpointSlice[],
): BuiltRoutingTable {
  const slicesByService = Map.groupBy(
    slices,
    ({ metadata }) => `${metadata.namespace}/${metadata.labels?.[LABEL_SERVICE_NAME] ?? ''}`,
  );
  const routes = services.flatMap((service) =>
    routesOf(service, slicesByService.get(formatKey(keyOf(service))) ?? NO_SLICES, here),
  );
  return withoutConflicts(network, routes.sort(compareRoutes));
}

const NO_SLICES: readonly EndpointSlice[] = [];

interface Remembered {
  readonly slices: readonly EndpointSlice[];
  readonly node: string;
  readonly routes: readonly ServiceRoute[];
}

/** Routes made before, so that a change of one Service costs no work on the others. Objects in the cache never change. */
const remembered = new WeakMap<Service, Remembered>();

function routesOf(service: Service, slices: readonly EndpointSlice[], here: Here): readonly ServiceRoute[] {
  const known = remembered.get(service);
  const isSame = known?.node === here.node && areSame(known.slices, slices);
  // Zones are a matter of other objects.
  if (known !== undefined && isSame && service.spec.trafficDistribution === undefined) return known.routes;
  const { clusterIP, ports } = service.spec;
  const isServed = isIPv4(clusterIP) && service.metadata.labels?.[LABEL_OTHER_PROXY] === undefined;
  const routes = isServed ? ports.map((port) => routeOf(service, port, slices, here)) : [];
  remembered.set(service, { slices, node: here.node, routes });
  return routes;
}

function areSame(a: readonly EndpointSlice[], b: readonly EndpointSlice[]): boolean {
  return a.length === b.length && a.every((slice, i) => slice === b[i]);
}

function routeOf(service: Service, port: ServicePort, slices: readonly EndpointSlice[], here: Here): ServiceRoute {
  const { spec } = service;
  const key = formatKey(keyOf(service));
  const candidates = candidatesOf(port, slices, here);
  const local = candidates.filter(({ isLocal }) => isLocal);
  const external = externalAddressesOf(service);
  const isExternal = external.length > 0 || Boolean(port.nodePort);
  const affinitySeconds = affinityOf(spec);
  return {
    name: port.name ? `${key}:${port.name}` : key,
    protocol: port.protocol,
    clusterIP: spec.clusterIP,
    port: port.port,
    ...(port.nodePort && { nodePort: port.nodePort }),
    ...(external.length > 0 && { external }),
    endpoints: reachable(preferred(candidates, spec)),
    ...(spec.internalTrafficPolicy === 'Local' && { internal: reachable(local) }),
    ...(spec.externalTrafficPolicy === 'Local' && isExternal && { outside: reachable(local) }),
    ...(affinitySeconds !== undefined && { affinitySeconds }),
  };
}

/** External IPs are for everyone; who may use a balancer's address its Service says. */
function externalAddressesOf({ metadata, spec, status }: Service): ExternalAddress[] {
  const addresses = new Map<string, ExternalAddress>();
  for (const { ip = '', ipMode = 'VIP' } of status.loadBalancer.ingress ?? []) {
    if (!isIPv4(ip) || ipMode !== 'VIP') continue;
    const sources = sourcesOf(spec, metadata.annotations);
    addresses.set(ip, { ip, ...(sources !== undefined && { sources }) });
  }
  for (const ip of spec.externalIPs ?? []) if (isIPv4(ip)) addresses.set(ip, { ip });
  return [...addresses.values()];
}

function affinityOf({ sessionAffinity, sessionAffinityConfig }: ServiceSpec): number | undefined {
  if (sessionAffinity !== 'ClientIP') return undefined;
  return sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS;
}

function withoutConflicts(network: ClusterNetwork, sorted: readonly ServiceRoute[]): BuiltRoutingTable {
  const owners = new Map<string, string>();
  const routes: ServiceRoute[] = [];
  const conflicts: string[] = [];
  const claim = (address: string, name: string): boolean => {
    const owner = owners.get(address);
    if (owner === undefined) owners.set(address, name);
    else conflicts.push(`${name} is left out of ${address}, which is ${owner}'s`);
    return owner === undefined;
  };
  for (const route of sorted) {
    const { name, protocol, clusterIP, port, nodePort, external } = route;
    if (!claim(`${protocol} ${clusterIP}:${port}`, name)) continue;
    const keepsPort = nodePort === undefined || claim(`${protocol} node port ${nodePort}`, name);
    const kept = external?.filter(({ ip }) => claim(`${protocol} ${ip}:${port}`, name)) ?? [];
    if (keepsPort && kept.length === (external?.length ?? 0)) {
      routes.push(route);
      continue;
    }
    const { nodePort: _port, external: _external, ...rest } = route;
    const ownPort = keepsPort && nodePort !== undefined ? { nodePort } : {};
    routes.push({ ...rest, ...ownPort, ...(kept.length > 0 && { external: kept }) });
  }
  return { table: { ...network, routes }, conflicts };
}

function compareRoutes(a: ServiceRoute, b: ServiceRoute): number {
  return compareText(a.name, b.name) || compareText(a.protocol, b.protocol) || a.port - b.port;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
