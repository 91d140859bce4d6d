/**
 * Whether a pod can run on a node. Each filter answers the reasons why not, in the words of Kubernetes' scheduler; none means it
 * fits. Called by plan.ts for each pod and node; pure.
 */

import type { Pod } from '../objects/pod.ts';
import { matchesMapSelector } from '../objects/selector.ts';
import { isTolerated, TAINT_UNSCHEDULABLE } from '../objects/taints.ts';
import { type ClaimView, claimReasons } from './claims.ts';
import type { Demand, HostPort } from './demand.ts';
import type { NodeView } from './node-view.ts';

const CORDONED = { key: TAINT_UNSCHEDULABLE, effect: 'NoSchedule' } as const;

type Filter = (pod: Pod, demand: Demand, node: NodeView) => string[];

const FILTERS: readonly Filter[] = [
  ({ spec }, _demand, node) =>
    node.unschedulable && !isTolerated(CORDONED, spec.tolerations) ? ['node(s) were unschedulable'] : [],
  (_pod, _demand, node) => (node.ready ? [] : ['node(s) were not ready']),
  ({ spec }, _demand, node) =>
    node.taints
      .filter((taint) => taint.effect !== 'PreferNoSchedule' && !isTolerated(taint, spec.tolerations))
      .slice(0, 1)
      .map(({ key, value = '' }) => `node(s) had untolerated taint {${key}: ${value}}`),
  ({ spec: { nodeSelector = {} } }, _demand, node) =>
    Object.keys(nodeSelector).length === 0 || matchesMapSelector(nodeSelector, node.labels)
      ? []
      : ["node(s) didn't match Pod's node affinity/selector"],
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

/** Why the pod cannot run on the node: the reasons of the first filter that refuses it; none where it fits. `claims`: its own. */
export function refusalReasons(
  pod: Pod,
  demand: Demand,
  node: NodeView,
  claims: readonly (readonly [string, ClaimView])[],
): string[] {
  for (const filter of FILTERS) {
    const reasons = filter(pod, demand, node);
    if (reasons.length > 0) return reasons;
  }
  return claimReasons(claims, node.name);
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
