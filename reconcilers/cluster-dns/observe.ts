/** What the cluster-dns loop reads: the Service and its Endpoints, and where each node's DNS server listens. Cache only. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import { isNodeReady } from '../objects/cluster.ts';
import { DNS_SERVICE, nameServerOf } from '../objects/cluster-dns.ts';
import type { Service } from '../objects/service.ts';
import type { NodeServer, ObservedDns } from './plan.ts';

export function observeDns(cache: ReadOnlyCache): Observation<Service, ObservedDns> {
  const endpoints = cache.get('Endpoints', DNS_SERVICE);
  const servers = cache.list('Node').flatMap((node): NodeServer[] => {
    const place = nameServerOf(node);
    return place === undefined ? [] : [{ ...place, nodeName: node.metadata.name, isReady: isNodeReady(node) }];
  });
  return { desired: cache.get('Service', DNS_SERVICE), observed: { ...(endpoints && { endpoints }), servers } };
}
