/** The v1 Service and Endpoints after defaulting, and what the type of a Service means for its other fields. */
import type { Condition, KubeObject } from './meta.ts';
import type { Protocol } from './pod.ts';

export type ServiceType = 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
export type TrafficPolicy = 'Cluster' | 'Local';

/** What an object stored by an older version may lack is optional, and reads as its default. */
export interface ServiceSpec {
  type: ServiceType;
  /** An address of the service range, `None` (headless), or empty (ExternalName). Allocated in the transaction that writes the Service. */
  clusterIP: string;
  clusterIPs?: string[];
  ipFamilies?: ('IPv4' | 'IPv6')[];
  ipFamilyPolicy?: 'SingleStack' | 'PreferDualStack' | 'RequireDualStack';
  selector?: Record<string, string>;
  ports: ServicePort[];
  sessionAffinity: 'None' | 'ClientIP';
  sessionAffinityConfig?: { clientIP?: { timeoutSeconds?: number } };
  internalTrafficPolicy?: TrafficPolicy;
  /** Of Services that can be reached from outside: {@link isExternallyAccessible}. */
  externalTrafficPolicy?: TrafficPolicy;
  trafficDistribution?: string;
  externalIPs?: string[];
  externalName?: string;
  publishNotReadyAddresses?: boolean;
  /** Of type LoadBalancer under the external policy Local. */
  healthCheckNodePort?: number;
  allocateLoadBalancerNodePorts?: boolean;
  loadBalancerClass?: string;
  loadBalancerIP?: string;
  loadBalancerSourceRanges?: string[];
}

export interface Service extends KubeObject {
  apiVersion: 'v1';
  kind: 'Service';
  spec: ServiceSpec;
  status: { loadBalancer: { ingress?: LoadBalancerIngress[] }; conditions?: Condition[] };
}

/** Written through the status by whoever runs a load balancer. */
export interface LoadBalancerIngress {
  ip?: string;
  /** `Proxy`: the balancer addresses node ports itself, and the address is not for the nodes to serve. */
  ipMode?: 'VIP' | 'Proxy';
  hostname?: string;
  ports?: { port: number; protocol: Protocol; error?: string }[];
}

export interface ServicePort {
  /** Required where a Service has several ports. */
  name?: string;
  protocol: Protocol;
  port: number;
  /** A number, or the name of a port of the pod's containers. */
  targetPort: number | string;
  nodePort?: number;
  /** What is spoken there, for people and proxies that look inside: `kubernetes.io/h2c`. */
  appProtocol?: string;
}

type Typed = Pick<ServiceSpec, 'type'>;

export function needsClusterIP({ type }: Typed): boolean {
  return type !== 'ExternalName';
}

/** Whether node ports belong to the type; a LoadBalancer may forgo new ones. */
export function needsNodePorts({ type }: Typed): boolean {
  return type === 'NodePort' || type === 'LoadBalancer';
}

export function isExternallyAccessible(spec: Pick<ServiceSpec, 'type' | 'externalIPs'>): boolean {
  return needsNodePorts(spec) || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);
}

/** Whether load balancers ask each node if it has endpoints of its own. */
export function needsHealthCheckPort(spec: Pick<ServiceSpec, 'type' | 'externalTrafficPolicy'>): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
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
  appProtocol?: string;
}
