/** The cluster-wide kinds and the bookkeeping ones: Namespace, Node, Lease, Event. */
import type { Condition, KubeObject, MicroTime, Timestamp } from './meta.ts';
import type { Taint } from './taints.ts';

export interface Namespace extends KubeObject {
  apiVersion: 'v1';
  kind: 'Namespace';
  spec: { finalizers?: string[] };
  status: { phase: 'Active' | 'Terminating' };
}

export interface Node extends KubeObject {
  apiVersion: 'v1';
  kind: 'Node';
  spec: {
    /** The node's share of `--cluster-cidr`, out of which its pods get their addresses. */
    podCIDR?: string;
    podCIDRs?: string[];
    unschedulable?: boolean;
    taints?: Taint[];
  };
  status: {
    /** Quantities: cpu, memory, pods, ephemeral-storage. */
    capacity?: Record<string, string>;
    allocatable?: Record<string, string>;
    conditions?: NodeCondition[];
    addresses?: { type: 'InternalIP' | 'Hostname' | 'ExternalIP'; address: string }[];
    /** Images present on the node; the scheduler scores by it. */
    images?: { names: string[]; sizeBytes: number }[];
    /** Where the node's own server listens, at its InternalIP. */
    daemonEndpoints?: { kubeletEndpoint?: { Port: number } };
    nodeInfo?: NodeInfo;
  };
}

export interface NodeCondition extends Condition {
  lastHeartbeatTime?: Timestamp;
}

/** Whether the master does not hear the node: its `Ready` condition is Unknown. */
export function isNodeUnknown(node: Node | undefined): boolean {
  return node?.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'Unknown') ?? false;
}

export function isNodeReady(node: Node | undefined): boolean {
  return node?.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** Its condition NetworkUnavailable: `True` where its pods cannot be reached. */
export function networkUnavailable(node: Node): NodeCondition | undefined {
  return node.status.conditions?.find(({ type }) => type === 'NetworkUnavailable');
}

/** Where other nodes reach it; undefined until it has told. */
export function internalIP(node: Node | undefined): string | undefined {
  return node?.status.addresses?.find(({ type }) => type === 'InternalIP')?.address;
}

export interface NodeInfo {
  architecture: string;
  bootID: string;
  containerRuntimeVersion: string;
  kernelVersion: string;
  kubeProxyVersion: string;
  kubeletVersion: string;
  machineID: string;
  operatingSystem: string;
  osImage: string;
  systemUUID: string;
}

/** Of the nodes' heartbeats, each named after its node. */
export const NODE_LEASE_NAMESPACE = 'kube-node-lease';

/** coordination.k8s.io/v1. */
export interface Lease extends KubeObject {
  apiVersion: 'coordination.k8s.io/v1';
  kind: 'Lease';
  spec: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: MicroTime;
    renewTime?: MicroTime;
    leaseTransitions?: number;
  };
}

export interface ObjectReference {
  apiVersion?: string;
  kind: string;
  namespace?: string;
  name: string;
  uid?: string;
  resourceVersion?: string;
  fieldPath?: string;
}

export interface Event extends KubeObject {
  apiVersion: 'v1';
  kind: 'Event';
  involvedObject: ObjectReference;
  /** CamelCase, for machines: `FailedScheduling`. */
  reason?: string;
  /** A sentence, for people. */
  message?: string;
  type: 'Normal' | 'Warning';
  source: EventSource;
  /** These three are of the old style; events of the new one have `eventTime`, and a series where they came again. */
  firstTimestamp?: Timestamp;
  lastTimestamp?: Timestamp;
  count?: number;
  eventTime?: MicroTime;
  series?: EventSeries;
  /** What was done, or could not be: for machines. */
  action?: string;
  /** A second object that had a part in it. */
  related?: ObjectReference;
  reportingComponent?: string;
  reportingInstance?: string;
}

export interface EventSource {
  component?: string;
  host?: string;
}

export interface EventSeries {
  count: number;
  lastObservedTime: MicroTime;
}
