/**
 * Compares the Endpoints of kube-dns with where this node's server listens. Each node writes its own address, and takes out those of nodes
 * that are gone; it leaves a Service alone whose servers are pods, by a selector. Pure.
 */
import type { Plan } from '../kit/reconciler.ts';
import { DNS_PORTS } from '../objects/cluster-dns.ts';
import { equalJson, type Json } from '../objects/json.ts';
import type { EndpointAddress, EndpointSubset, Endpoints, Service } from '../objects/service.ts';
import type { ListeningPlace } from '../ports/name-server.ts';
import type { ClusterDnsAction } from './actions.ts';

export interface DnsOfNode {
  readonly nodeName: string;
  /** Absent as long as it does not listen. What is written of it may still be true: the daemon was just started. */
  readonly place?: ListeningPlace;
}

export interface ObservedDns {
  readonly service?: Service;
  readonly endpoints?: Endpoints;
  /** Names of all nodes. */
  readonly nodes: readonly string[];
}

export function plan(desired: DnsOfNode | undefined, observed: ObservedDns): Plan<ClusterDnsAction> {
  const { service, endpoints, nodes } = observed;
  if (service === undefined) return { actions: [], because: 'there is no Service kube-dns' };
  if (Object.keys(service.spec.selector ?? {}).length > 0) return { actions: [], because: 'pods are the DNS servers' };
  if (desired?.place === undefined) return { actions: [], because: 'the DNS server does not listen yet' };
  const others = listeners(endpoints).filter(
    ({ nodeName }) => nodeName !== desired.nodeName && nodes.includes(nodeName),
  );
  const { address: ip, port } = desired.place;
  const subsets = subsetsOf([...others, { ip, nodeName: desired.nodeName, port }]);
  const because = `the DNS server listens on ${ip}:${port}`;
  if (endpoints === undefined) return { actions: [{ kind: 'create-endpoints', subsets }], because };
  if (equalJson((endpoints.subsets ?? []) as unknown as Json, subsets as unknown as Json))
    return { actions: [], because };
  const { resourceVersion } = endpoints.metadata;
  return { actions: [{ kind: 'update-endpoints', resourceVersion, subsets }], because };
}

interface Listener {
  readonly ip: string;
  readonly nodeName: string;
  readonly port: number;
}

function listeners(endpoints: Endpoints | undefined): Listener[] {
  return (endpoints?.subsets ?? []).flatMap(({ addresses = [], ports = [] }) => {
    const port = ports.find(({ name }) => name === DNS_PORTS[0].name)?.port;
    return port === undefined ? [] : addresses.map(({ ip, nodeName = '' }) => ({ ip, nodeName, port }));
  });
}

/** Servers on the same port share a subset; sorted, so that equal input gives equal output. */
function subsetsOf(all: readonly Listener[]): EndpointSubset[] {
  const byPort = Map.groupBy(
    [...all].sort((a, b) => (`${a.ip} ${a.nodeName}` < `${b.ip} ${b.nodeName}` ? -1 : 1)),
    ({ port }) => port,
  );
  return [...byPort]
    .sort(([a], [b]) => a - b)
    .map(([port, servers]) => ({
      addresses: servers.map(({ ip, nodeName }): EndpointAddress => ({ ip, nodeName })),
      ports: DNS_PORTS.map(({ name, protocol }) => ({ name, port, protocol })),
    }));
}
