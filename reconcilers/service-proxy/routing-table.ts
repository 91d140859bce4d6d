/**
 * Turns Services and Endpoints into the routing table a node should have. Called by plan.ts; pure. It never looks at pods: which
 * of them are ready is the endpoints loop's work.
 */
import { isIPv4 } from 'node:net';
import { formatKey, keyOf } from '../objects/meta.ts';
import type { Endpoints, Service, ServicePort } from '../objects/service.ts';
import type { ClusterNetwork, Endpoint, RoutingTable, ServiceRoute } from '../ports/packet-filter.ts';

export interface BuiltRoutingTable {
  readonly table: RoutingTable;
  /** One sentence per route, or node port, that another route already has; it is left out. */
  readonly conflicts: readonly string[];
}

/**
 * One route per port of each Service that has an IPv4 cluster address: headless Services have none. An endpoint serves the
 * Service's port of the same name and protocol (https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoints-v1/).
 */
export function buildRoutingTable(
  network: ClusterNetwork,
  services: readonly Service[],
  endpoints: readonly Endpoints[],
): BuiltRoutingTable {
  const endpointsByKey = new Map(endpoints.map((object) => [formatKey(keyOf(object)), object]));
  const routes = services.flatMap((service) => routesOf(service, endpointsByKey.get(formatKey(keyOf(service)))));
  return withoutConflicts(network, routes.sort(compareRoutes));
}

/** Routes made before, so that a change of one Service costs no work on the others. Objects in the cache never change. */
const remembered = new WeakMap<
  Service,
  { readonly endpoints: Endpoints | undefined; readonly routes: ServiceRoute[] }
>();

function routesOf(service: Service, endpoints: Endpoints | undefined): ServiceRoute[] {
  const known = remembered.get(service);
  if (known !== undefined && known.endpoints === endpoints) return known.routes;
  const { clusterIP, ports } = service.spec;
  const key = formatKey(keyOf(service));
  const routes = isIPv4(clusterIP) ? ports.map((port) => routeOf(key, clusterIP, port, endpoints)) : [];
  remembered.set(service, { endpoints, routes });
  return routes;
}

function routeOf(key: string, clusterIP: string, port: ServicePort, endpoints: Endpoints | undefined): ServiceRoute {
  return {
    name: port.name ? `${key}:${port.name}` : key,
    protocol: port.protocol,
    clusterIP,
    port: port.port,
    ...(port.nodePort && { nodePort: port.nodePort }),
    endpoints: endpointsOf(port, endpoints),
  };
}

function endpointsOf(servicePort: ServicePort, endpoints: Endpoints | undefined): Endpoint[] {
  const found = new Map<string, Endpoint>();
  for (const subset of endpoints?.subsets ?? []) {
    for (const port of subset.ports ?? []) {
      if (port.protocol !== servicePort.protocol || (port.name ?? '') !== (servicePort.name ?? '')) continue;
      for (const { ip } of subset.addresses ?? []) {
        if (isIPv4(ip)) found.set(`${ip}:${port.port}`, { ip, port: port.port });
      }
    }
  }
  return [...found.keys()].sort().map((address) => found.get(address) as Endpoint);
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
    if (!claim(`${route.protocol} ${route.clusterIP}:${route.port}`, route.name)) continue;
    if (route.nodePort === undefined || claim(`${route.protocol} node port ${route.nodePort}`, route.name)) {
      routes.push(route);
    } else {
      const { nodePort: _, ...rest } = route;
      routes.push(rest);
    }
  }
  return { table: { ...network, routes }, conflicts };
}

function compareRoutes(a: ServiceRoute, b: ServiceRoute): number {
  return compareText(a.name, b.name) || compareText(a.protocol, b.protocol) || a.port - b.port;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
