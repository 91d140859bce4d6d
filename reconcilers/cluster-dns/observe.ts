/** What the cluster-dns loop reads: the Service and its Endpoints, who the nodes are, where the server listens. Cache only. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import { DNS_SERVICE } from '../objects/cluster-dns.ts';
import type { NameServer } from '../ports/name-server.ts';
import type { DnsOfNode, ObservedDns } from './plan.ts';

export interface ObserveDeps {
  readonly cache: ReadOnlyCache;
  readonly server: NameServer;
  readonly nodeName: string;
}

export function observeDns({ cache, server, nodeName }: ObserveDeps): Observation<DnsOfNode, ObservedDns> {
  const service = cache.get('Service', DNS_SERVICE);
  const endpoints = cache.get('Endpoints', DNS_SERVICE);
  return {
    desired: { nodeName, ...(server.place && { place: server.place }) },
    observed: {
      ...(service && { service }),
      ...(endpoints && { endpoints }),
      nodes: cache.list('Node').map(({ metadata }) => metadata.name),
    },
  };
}
