/** What the cluster-bootstrap loop reads: which of the things that every cluster has are there. Cache only. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import { apiServerOf } from '../objects/api-server-lease.ts';
import { DNS_SERVICE } from '../objects/cluster-dns.ts';
import type { Endpoints, Service } from '../objects/service.ts';
import { type ClusterOptions, KUBERNETES_SERVICE, LOCAL_CLASS, SYSTEM_NAMESPACES } from './wanted.ts';

export interface ObservedCluster {
  /** Names of the system's namespaces that exist. */
  readonly namespaces: readonly string[];
  readonly hasStorageClass: boolean;
  readonly service?: Service;
  readonly dnsService?: Service;
  readonly endpoints?: Endpoints;
}

export function observeCluster(
  cache: ReadOnlyCache,
  options: ClusterOptions,
): Observation<ClusterOptions, ObservedCluster> {
  const service = cache.get('Service', KUBERNETES_SERVICE);
  const dnsService = cache.get('Service', DNS_SERVICE);
  const endpoints = cache.get('Endpoints', KUBERNETES_SERVICE);
  const apiServers = cache.list('Lease', 'kube-system').flatMap((lease) => apiServerOf(lease) ?? []);
  return {
    desired: { ...options, ...(apiServers.length > 0 && { apiServers }) },
    observed: {
      namespaces: SYSTEM_NAMESPACES.filter((name) => cache.get('Namespace', { namespace: '', name }) !== undefined),
      hasStorageClass: cache.get('StorageClass', { namespace: '', name: LOCAL_CLASS }) !== undefined,
      ...(service && { service }),
      ...(dnsService && { dnsService }),
      ...(endpoints && { endpoints }),
    },
  };
}
