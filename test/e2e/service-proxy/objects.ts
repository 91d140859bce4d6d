/** Services and Endpoints for the service-proxy tests, as the API server would have completed them. */
import type { Endpoints, Service, ServicePort } from '../../../reconcilers/objects/service.ts';

export interface TestAddress {
  readonly ip: string;
  readonly port: number;
}

export function testService(
  name: string,
  clusterIP: string,
  port: Partial<ServicePort> & { readonly port: number },
): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(name),
    spec: {
      type: port.nodePort === undefined ? 'ClusterIP' : 'NodePort',
      clusterIP,
      clusterIPs: [clusterIP],
      ports: [{ protocol: 'TCP', targetPort: port.port, ...port }],
      sessionAffinity: 'None',
    },
    status: { loadBalancer: {} },
  };
}

/** One subset per port number, all under one protocol. */
export function testEndpoints(
  name: string,
  addresses: readonly TestAddress[],
  protocol: 'TCP' | 'UDP' = 'TCP',
): Endpoints {
  const ports = [...new Set(addresses.map(({ port }) => port))];
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: metadata(name),
    subsets: ports.map((port) => ({
      addresses: addresses.filter((address) => address.port === port).map(({ ip }) => ({ ip })),
      ports: [{ port, protocol }],
    })),
  };
}

function metadata(name: string) {
  return { name, namespace: 'default', uid: name, resourceVersion: '1', creationTimestamp: '2026-01-02T03:04:05Z' };
}
