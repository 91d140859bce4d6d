/** A node as the scheduler sees it: what it offers, and what its pods already take. Pure; observe.ts makes them. */
import type { Node } from '../objects/cluster.ts';
import type { Pod } from '../objects/pod.ts';
import type { Taint } from '../objects/taints.ts';
import { type Amounts, amountsOf, canonicalImage, type Demand, demandOf, type HostPort } from './demand.ts';

export interface NodeView {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ready: boolean;
  readonly unschedulable: boolean;
  readonly taints: readonly Taint[];
  readonly allocatable: Amounts;
  readonly requested: Amounts;
  /** What its pods are taken to use, for scoring. */
  readonly estimated: { readonly cpu: number; readonly memory: number };
  readonly pods: number;
  readonly hostPorts: readonly HostPort[];
  readonly images: readonly string[];
  /** Pods by the uid of their controller. */
  readonly owners: Readonly<Record<string, number>>;
}

/** `pods`: those bound to the node that have not ended. One that is being deleted holds its share until it is gone. */
export function viewNode(node: Node, pods: readonly Pod[]): NodeView {
  const { metadata, spec, status } = node;
  const empty: NodeView = {
    name: metadata.name,
    labels: metadata.labels ?? {},
    ready: status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false,
    unschedulable: spec.unschedulable === true || metadata.deletionTimestamp !== undefined,
    taints: spec.taints ?? [],
    allocatable: amountsOf(status.allocatable ?? status.capacity),
    requested: {},
    estimated: { cpu: 0, memory: 0 },
    pods: 0,
    hostPorts: [],
    images: (status.images ?? []).flatMap(({ names }) => names.map(canonicalImage)),
    owners: {},
  };
  return pods.reduce((view, pod) => withPod(view, demandOf(pod)), empty);
}

/** The node with one pod more. */
export function withPod(node: NodeView, demand: Demand): NodeView {
  const requested = { ...node.requested };
  for (const [name, value] of Object.entries(demand.requests)) requested[name] = (requested[name] ?? 0) + value;
  return {
    ...node,
    requested,
    estimated: {
      cpu: node.estimated.cpu + demand.estimate.cpu,
      memory: node.estimated.memory + demand.estimate.memory,
    },
    pods: node.pods + 1,
    hostPorts: demand.hostPorts.length === 0 ? node.hostPorts : [...node.hostPorts, ...demand.hostPorts],
    owners:
      demand.owner === undefined
        ? node.owners
        : { ...node.owners, [demand.owner]: (node.owners[demand.owner] ?? 0) + 1 },
  };
}
