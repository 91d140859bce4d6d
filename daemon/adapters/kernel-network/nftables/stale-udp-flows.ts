/**
 * Forgets UDP flows that lead to no endpoint of their Service. A client that keeps sending from one port would go on being translated
 * to one that is gone, or, where it began before the Service had any, not be translated at all: UDP has no end of connection. TCP
 * needs nothing of the kind. The nftables filter calls it after endpoints went, and after the first came.
 */
import type { RoutingTable, ServiceRoute } from '../../../../reconcilers/ports/packet-filter.ts';
import { isNotInstalled, runCommand } from '../command.ts';
import { endpointsAt, placesOf, waysOf } from './ways.ts';

/** All flows between one Service address and one endpoint. */
export interface UdpFlows {
  readonly destination: string;
  readonly destinationPort: string;
  readonly endpoint: string;
  readonly endpointPort: string;
}

/** Answers false where the `conntrack` command is not installed: such flows then last until 30 to 120 s of silence. */
export async function forgetStaleUdpFlows(table: RoutingTable, flows: 'translated' | 'all'): Promise<boolean> {
  const listed = await runCommand('conntrack', ['-L', '-p', 'udp', ...(flows === 'all' ? [] : ['--dst-nat'])]);
  if (isNotInstalled(listed)) return false;
  for (const { destination, destinationPort, endpoint, endpointPort } of staleFlows(table, parseFlows(listed.stdout))) {
    const original = ['--orig-dst', destination, '--orig-port-dst', destinationPort];
    const reply = ['--reply-src', endpoint, '--reply-port-src', endpointPort];
    await runCommand('conntrack', ['-D', '-p', 'udp', ...original, ...reply]);
  }
  return true;
}

/**
 * Which flows the change may have left behind: those that were translated, where an endpoint is gone; any, where a route has its first,
 * or nothing is known of before. Undefined: none.
 */
export function staleAfter(previous: RoutingTable | undefined, next: RoutingTable): 'translated' | 'all' | undefined {
  if (previous === undefined) return next.routes.some(isUdp) ? 'all' : undefined;
  const [before, now] = [new Set(previous.routes), new Set(next.routes)];
  const changed = next.routes.filter((route) => isUdp(route) && !before.has(route));
  const replaced = previous.routes.filter((route) => isUdp(route) && !now.has(route));
  const begun = new Set(replaced.filter(hasEndpoints).flatMap(placesOf));
  if (
    changed
      .filter(hasEndpoints)
      .flatMap(placesOf)
      .some((place) => !begun.has(place))
  )
    return 'all';
  const wanted = new Set(changed.flatMap(waysOf));
  return replaced.flatMap(waysOf).some((way) => !wanted.has(way)) ? 'translated' : undefined;
}

/** Flows to a Service's address or node port that lead to none of its endpoints. */
export function staleFlows({ routes }: RoutingTable, flows: readonly UdpFlows[]): UdpFlows[] {
  const endpoints = endpointsAt(routes.filter(isUdp));
  return flows.filter(({ destination, destinationPort, endpoint, endpointPort }) => {
    const current = endpoints(destination, 'udp', destinationPort);
    return current !== undefined && !current.has(`${endpoint}:${endpointPort}`);
  });
}

function isUdp({ protocol }: ServiceRoute): boolean {
  return protocol === 'UDP';
}

function hasEndpoints({ endpoints }: ServiceRoute): boolean {
  return endpoints.length > 0;
}

/** Each once. A line has the original direction, then the reply's: `udp 17 29 src=A dst=B sport=1 dport=2 src=C dst=A sport=3 dport=1`. */
export function parseFlows(text: string): UdpFlows[] {
  const flows = new Map<string, UdpFlows>();
  for (const line of text.split('\n')) {
    const values = [...line.matchAll(/(?:src|dst|sport|dport)=(\S+)/g)].map((match) => match[1] ?? '');
    const [, destination, , destinationPort, endpoint, , endpointPort] = values;
    if (!destination || !destinationPort || !endpoint || !endpointPort) continue;
    const flow = { destination, destinationPort, endpoint, endpointPort };
    flows.set(JSON.stringify(flow), flow);
  }
  return [...flows.values()];
}
