/**
 * Compares the Endpoints of kube-dns with where the nodes' servers listen. It leaves a Service alone whose servers are pods, by a selector.
 * Pure.
 */
import type { Plan } from '../kit/reconciler.ts';
import { DNS_PORTS } from '../objects/cluster-dns.ts';
import { equalJson, type Json } from '../objects/json.ts';
import type { EndpointAddress, EndpointSubset, Endpoints, Service } from '../objects/service.ts';
import type { ClusterDnsAction } from './actions.ts';

export interface NodeServer {
  readonly nodeName: string;
  readonly isReady: boolean;
  readonly address: string;
  readonly port: number;
}

export interface ObservedDns {
  readonly endpoints?: Endpoints;
  /** Of all nodes that have told where theirs listens. */
  readonly servers: readonly NodeServer[];
}

export function plan(service: Service | undefined, { endpoints, servers }: ObservedDns): Plan<ClusterDnsAction> {
  if (service === undefined) return { actions: [], because: 'there is no Service kube-dns' };
  if (Object.keys(service.spec.selector ?? {}).length > 0) return { actions: [], because: 'pods are the DNS servers' };
  const ready = servers.filter(({ isReady }) => isReady);
  // Where no node seems to be ready it is rather the master that hears none: names are not the way to say so.
  const serving = ready.length > 0 ? ready : servers;
  const subsets = subsetsOf(serving);
  const because = `${serving.length} of ${servers.length} nodes with a DNS server answer`;
  if (endpoints === undefined) {
    return { actions: serving.length === 0 ? [] : [{ kind: 'create-endpoints', subsets }], because };
  }
  if (equalJson((endpoints.subsets ?? []) as unknown as Json, subsets as unknown as Json))
    return { actions: [], because };
  const { resourceVersion } = endpoints.metadata;
  return { actions: [{ kind: 'update-endpoints', resourceVersion, subsets }], because };
}

/** Servers on the same port share a subset; sorted, so that equal input gives equal output. */
function subsetsOf(all: readonly NodeServer[]): EndpointSubset[] {
  const byPort = Map.groupBy(
    [...all].sort((a, b) => (`${a.address} ${a.nodeName}` < `${b.address} ${b.nodeName}` ? -1 : 1)),
    ({ port }) => port,
  );
  return [...byPort]
    .sort(([a], [b]) => a - b)
    .map(([port, servers]) => ({
      addresses: servers.map(({ address, nodeName }): EndpointAddress => ({ ip: address, nodeName })),
      ports: DNS_PORTS.map(({ name, protocol }) => ({ name, port, protocol })),
    }));
}
