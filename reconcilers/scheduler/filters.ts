/**
 * Whether a pod can run on a node, other pods aside (neighbours.ts). Each filter answers the reasons why not, in the words of
 * Kubernetes' scheduler; none means it fits. Called by plan.ts for each pod and node; pure.
 */

import type { Pod } from '../objects/pod.ts';
import type { Demand, HostPort } from './demand.ts';
import { selectsNode } from './node-affinity.ts';
import { taintReasons } from './node-taints.ts';
import type { NodeView } from './node-view.ts';

type Filter = (pod: Pod, demand: Demand, node: NodeView) => string[];

const FILTERS: readonly Filter[] = [
  (pod, _demand, node) => taintReasons(pod, node),
  ({ spec }, _demand, node) => (selectsNode(spec, node) ? [] : ["node(s) didn't match Pod's node affinity/selector"]),
  (_pod, { hostPorts }, node) =>
    hostPorts.some((wanted) => node.hostPorts.some((taken) => collide(wanted, taken)))
      ? ["node(s) didn't have free ports for the requested pod ports"]
      : [],
  (_pod, { requests }, node) => [
    ...(node.pods + 1 > (node.allocatable.pods ?? 0) ? ['Too many pods'] : []),
    ...Object.entries(requests)
      .filter(([name, value]) => value > (node.allocatable[name] ?? 0) - (node.requested[name] ?? 0) && value > 0)
      .map(([name]) => `Insufficient ${name}`),
  ],
];

/** Why the pod cannot run on the node: the reasons of the first filter that refuses it; none where it fits. */
export function refusalReasons(pod: Pod, demand: Demand, node: NodeView): string[] {
  for (const filter of FILTERS) {
    const reasons = filter(pod, demand, node);
    if (reasons.length > 0) return reasons;
  }
  return [];
}

/** The sentence of Kubernetes' FitError. `reasons`: of every node. */
export function refusalMessage(nodes: number, reasons: readonly string[]): string {
  if (nodes === 0) return 'no nodes available to schedule pods';
  const counts = [...Map.groupBy(reasons, (reason) => reason)].map(([reason, all]) => `${all.length} ${reason}`);
  return `0/${nodes} nodes are available: ${counts.sort().join(', ')}.`;
}

function collide(a: HostPort, b: HostPort): boolean {
  const sameAddress = a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0';
  return a.port === b.port && a.protocol === b.protocol && sameAddress;
}
