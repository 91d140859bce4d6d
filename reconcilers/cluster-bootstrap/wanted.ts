/** What every cluster has: the system's namespaces, the Services `kubernetes` and `kube-dns`, and a class of storage. Pure. */
import type { ApiServerAddress } from '../objects/api-server-lease.ts';
import type { Namespace } from '../objects/cluster.ts';
import { DNS_PORT, DNS_PORTS, DNS_SERVICE } from '../objects/cluster-dns.ts';
import { ANNOTATION_DEFAULT_CLASS, type StorageClass } from '../objects/kinds/storage-class.ts';
import type { Draft, ObjectKey } from '../objects/meta.ts';
import type { Endpoints, Service } from '../objects/service.ts';
import { LOCAL_PROVISIONER } from '../objects/volume-binding.ts';

export interface ClusterOptions {
  /** The first address of `--service-cluster-ip-range`. */
  readonly kubernetesServiceIP: string;
  /** Where pods ask for names; absent where that is no address of a Service, and somebody else answers there. */
  readonly dnsServiceIP?: string;
  /** Where this master serves the API over TLS; absent where it does not, and the Service then answers nothing. */
  readonly apiServer?: { readonly addresses: readonly string[]; readonly port: number };
  /** Where all masters that say so serve it, this one among them. */
  readonly apiServers?: readonly ApiServerAddress[];
}

/** `default` first: most objects go there. */
export const SYSTEM_NAMESPACES = ['default', 'kube-system', 'kube-node-lease'] as const;

/** Pods find it as KUBERNETES_SERVICE_HOST. https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
export const KUBERNETES_SERVICE: ObjectKey = { namespace: 'default', name: 'kubernetes' };

/** Of claims that name no class: a folder on the node of their first pod. */
export const LOCAL_CLASS = 'local';

const PORT = { name: 'https', protocol: 'TCP' } as const;
const DEFAULT_TARGET_PORT = 6443;

export function wantedNamespace(name: string): Draft<Namespace> {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {}, status: { phase: 'Active' } };
}

/** Made where it is missing; what people change of it stays, so that another one can be the default. */
export function wantedStorageClass(): Draft<StorageClass> {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: LOCAL_CLASS, annotations: { [ANNOTATION_DEFAULT_CLASS]: 'true' } },
    provisioner: LOCAL_PROVISIONER,
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer',
    allowVolumeExpansion: true,
  };
}

export function wantedService({ kubernetesServiceIP, apiServer }: ClusterOptions): Draft<Service> {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...KUBERNETES_SERVICE, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP',
      clusterIP: kubernetesServiceIP,
      clusterIPs: [kubernetesServiceIP],
      ports: [{ ...PORT, port: 443, targetPort: apiServer?.port ?? DEFAULT_TARGET_PORT }],
      sessionAffinity: 'None',
    },
    status: { loadBalancer: {} },
  };
}

/** Without a selector: every node answers, its own pods first (loop `cluster-dns`). The labels are those by which kubectl and others know it. */
export function wantedDnsService(dnsServiceIP: string): Draft<Service> {
  const labels = {
    'k8s-app': 'kube-dns',
    'kubernetes.io/cluster-service': 'true',
    'kubernetes.io/name': 'KubeDNS',
  };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...DNS_SERVICE, labels },
    spec: {
      type: 'ClusterIP',
      clusterIP: dnsServiceIP,
      clusterIPs: [dnsServiceIP],
      trafficDistribution: 'PreferSameNode',
      ports: DNS_PORTS.map((port) => ({ ...port, port: DNS_PORT, targetPort: DNS_PORT })),
      sessionAffinity: 'None',
    },
    status: { loadBalancer: {} },
  };
}

/** Made by hand, as the Service has no selector: API servers are no pods. One subset per port, in the order of addresses. */
export function wantedSubsets({ apiServer, apiServers = [] }: ClusterOptions): NonNullable<Endpoints['subsets']> {
  const own = apiServer?.addresses.map((address) => ({ address, port: apiServer.port })) ?? [];
  const byPort = Map.groupBy(apiServers.length > 0 ? apiServers : own, ({ port }) => port);
  return [...byPort]
    .sort(([a], [b]) => a - b)
    .map(([port, servers]) => ({
      addresses: [...new Set(servers.map(({ address }) => address))].sort().map((ip) => ({ ip })),
      ports: [{ ...PORT, port }],
    }));
}
