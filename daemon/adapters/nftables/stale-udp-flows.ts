/**
 * Forgets UDP flows whose endpoint is gone. A client that keeps sending from one port would go on being translated to it, since
 * UDP has no end of connection; TCP needs nothing of the kind. The nftables filter calls it after endpoints went.
 */
import type { RoutingTable } from '../../../reconcilers/ports/packet-filter.ts';
import { isNotInstalled, runCommand } from './command.ts';

/** All flows between one Service address and one endpoint. */
export interface UdpFlows {
  readonly destination: string;
  readonly destinationPort: string;
  readonly endpoint: string;
  readonly endpointPort: string;
}

/** Answers false where the `conntrack` command is not installed: such flows then last until 30 to 120 s of silence. */
export async function forgetStaleUdpFlows(table: RoutingTable): Promise<boolean> {
  const listed = await runCommand('conntrack', ['-L', '-p', 'udp', '--dst-nat']);
  if (isNotInstalled(listed)) return false;
  for (const { destination, destinationPort, endpoint, endpointPort } of staleFlows(table, parseFlows(listed.stdout))) {
    const original = ['--orig-dst', destination, '--orig-port-dst', destinationPort];
    const reply = ['--reply-src', endpoint, '--reply-port-src', endpointPort];
    await runCommand('conntrack', ['-D', '-p', 'udp', ...original, ...reply]);
  }
  return true;
}

/** Flows to a Service's address or node port that lead to none of its endpoints. */
export function staleFlows(table: RoutingTable, flows: readonly UdpFlows[]): UdpFlows[] {
  const endpoints = new Map<string, Set<string>>();
  for (const route of table.routes) {
    if (route.protocol !== 'UDP') continue;
    const addresses = new Set(route.endpoints.map(({ ip, port }) => `${ip}:${port}`));
    endpoints.set(`${route.clusterIP}:${route.port}`, addresses);
    if (route.nodePort !== undefined) endpoints.set(`:${route.nodePort}`, addresses);
  }
  return flows.filter((flow) => {
    const byAddress = endpoints.get(`${flow.destination}:${flow.destinationPort}`);
    const current = byAddress ?? endpoints.get(`:${flow.destinationPort}`);
    return current !== undefined && !current.has(`${flow.endpoint}:${flow.endpointPort}`);
  });
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
