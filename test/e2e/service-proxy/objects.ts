/** Services and EndpointSlices for the service-proxy tests, as the API server would have completed them. */
import {
  type EndpointSlice,
  LABEL_SERVICE_NAME,
  type SliceEndpoint,
} from '../../../reconcilers/objects/kinds/endpoint-slice.ts';
import type { Service, ServicePort, ServiceSpec } from '../../../reconcilers/objects/service.ts';

export interface TestAddress {
  readonly ip: string;
  readonly port: number;
  readonly conditions?: SliceEndpoint['conditions'];
  readonly isElsewhere?: boolean;
}

export function testService(
  name: string,
  clusterIP: string,
  port: Partial<ServicePort> & { readonly port: number },
  spec: Partial<ServiceSpec> = {},
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
      ...spec,
    },
    status: { loadBalancer: {} },
  };
}

/** The node of the tests, on which an endpoint is that says so. */
export const NODE_NAME = 'node';

/** All at one port. */
export function testSlice(
  name: string,
  addresses: readonly TestAddress[],
  protocol: 'TCP' | 'UDP' = 'TCP',
): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata(name), labels: { [LABEL_SERVICE_NAME]: name } },
    addressType: 'IPv4',
    endpoints: addresses.map(({ ip, conditions, isElsewhere }) => ({
      addresses: [ip],
      conditions: conditions ?? { ready: true },
      ...(isElsewhere !== true && { nodeName: NODE_NAME }),
    })),
    ports: [...new Set(addresses.map(({ port }) => port))].map((port) => ({ name: '', port, protocol })),
  };
}

function metadata(name: string) {
  return { name, namespace: 'default', uid: name, resourceVersion: '1', creationTimestamp: '2026-01-02T03:04:05Z' };
}
