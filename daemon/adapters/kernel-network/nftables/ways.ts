/**
 * Who may be led where: the places at which clients call a route, and the endpoints behind each. By it the nftables filter finds what
 * the kernel still remembers and should not: UDP flows, and clients that stay with their endpoint. Pure.
 */
import { endpointsOf, type ServiceRoute } from '../../../../reconcilers/ports/packet-filter.ts';

/** An address and port, or a node port of whatever address. */
export function placesOf(route: ServiceRoute): string[] {
  const { clusterIP, port, nodePort, external = [] } = route;
  const protocol = route.protocol.toLowerCase();
  return [
    ...[clusterIP, ...external.map(({ ip }) => ip)].map((ip) => `${ip} ${protocol} ${port}`),
    ...(nodePort === undefined ? [] : [`${protocol} ${nodePort}`]),
  ];
}

/** From every place to every endpoint. */
export function waysOf(route: ServiceRoute): string[] {
  const endpoints = addressesOf(route);
  return placesOf(route).flatMap((place) => endpoints.map((endpoint) => `${place} ${endpoint}`));
}

/** The endpoints (`10.244.0.2:8000`) for who calls `port` of `address`; undefined where no route is there. */
export type EndpointsAt = (address: string, protocol: string, port: number | string) => ReadonlySet<string> | undefined;

export function endpointsAt(routes: readonly ServiceRoute[]): EndpointsAt {
  const byPlace = new Map<string, ReadonlySet<string>>();
  for (const route of routes) {
    const endpoints = new Set(addressesOf(route));
    for (const place of placesOf(route)) byPlace.set(place, endpoints);
  }
  return (address, protocol, port) =>
    byPlace.get(`${address} ${protocol} ${port}`) ?? byPlace.get(`${protocol} ${port}`);
}

function addressesOf(route: ServiceRoute): string[] {
  return endpointsOf(route).map(({ ip, port }) => `${ip}:${port}`);
}
