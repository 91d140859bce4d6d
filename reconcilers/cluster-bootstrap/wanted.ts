/** What every cluster has: the system's namespaces, the Service `kubernetes` in front of the API server, `kube-dns` of the DNS servers. Pure. */
import type { Namespace } from '../objects/cluster.ts';
import { DNS_PORT, DNS_PORTS, DNS_SERVICE } from '../objects/cluster-dns.ts';
import type { Draft, ObjectKey } from '../objects/meta.ts';
import type { Endpoints, Service } from '../objects/service.ts';

export interface ClusterOptions {
  /** The first address of `--service-cluster-ip-range`. */
  readonly kubernetesServiceIP: string;
  /** Where pods ask for names; absent where that is no address of a Service, and somebody else answers there. */
  readonly dnsServiceIP?: string;
  /** Where the API is served over TLS; absent where it is not, and the Service then answers nothing. */
  readonly apiServer?: { readonly addresses: readonly string[]; readonly port: number };
}

/** `default` first: most objects go there. */
export const SYSTEM_NAMESPACES = ['default', 'kube-system', 'kube-node-lease'] as const;

/** Pods find it as KUBERNETES_SERVICE_HOST. https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
export const KUBERNETES_SERVICE: ObjectKey = { namespace: 'default', name: 'kubernetes' };

const PORT = { name: 'https', protocol: 'TCP' } as const;
const DEFAULT_TARGET_PORT = 6443;

export function wantedNamespace(name: string): Draft<Namespace> {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {}, status: { phase: 'Active' } };
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

/** Without a selector: every node answers its own pods (loop `cluster-dns`). The labels are those by which kubectl and others know it. */
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
      internalTrafficPolicy: 'Local',
      ports: DNS_PORTS.map((port) => ({ ...port, port: DNS_PORT, targetPort: DNS_PORT })),
      sessionAffinity: 'None',
    },
    status: { loadBalancer: {} },
  };
}

/** Made by hand, as the Service has no selector: API servers are no pods. */
export function wantedSubsets({ apiServer }: ClusterOptions): NonNullable<Endpoints['subsets']> {
  if (apiServer === undefined || apiServer.addresses.length === 0) return [];
  const addresses = [...apiServer.addresses].sort().map((ip) => ({ ip }));
  return [{ addresses, ports: [{ ...PORT, port: apiServer.port }] }];
}
