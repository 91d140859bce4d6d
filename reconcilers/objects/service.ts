/** The v1 Service and Endpoints after defaulting. */
import type { KubeObject } from './meta.ts';
import type { Protocol } from './pod.ts';

export type ServiceType = 'ClusterIP' | 'NodePort';

export interface Service extends KubeObject {
  apiVersion: 'v1';
  kind: 'Service';
  spec: {
    type: ServiceType;
    /** An address of the service range, or `None` (headless). Allocated in the transaction that creates the Service. */
    clusterIP: string;
    clusterIPs: string[];
    selector?: Record<string, string>;
    ports: ServicePort[];
    sessionAffinity: 'None';
    publishNotReadyAddresses?: boolean;
  };
  status: { loadBalancer: Record<string, never> };
}

export interface ServicePort {
  /** Required where a Service has several ports. */
  name?: string;
  protocol: Protocol;
  port: number;
  /** A number, or the name of a port of the pod's containers. */
  targetPort: number | string;
  nodePort?: number;
}

export interface Endpoints extends KubeObject {
  apiVersion: 'v1';
  kind: 'Endpoints';
  /** Absent or empty: nothing answers. Addresses × ports of each subset are the endpoints. */
  subsets?: EndpointSubset[];
}

export interface EndpointSubset {
  addresses?: EndpointAddress[];
  notReadyAddresses?: EndpointAddress[];
  ports?: EndpointPort[];
}

export interface EndpointAddress {
  ip: string;
  /** A name of its own below its Service's. */
  hostname?: string;
  nodeName?: string;
  targetRef?: { kind: string; namespace?: string; name: string; uid: string };
}

export interface EndpointPort {
  name?: string;
  port: number;
  protocol: Protocol;
}
