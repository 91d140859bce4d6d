/**
 * A pod's topologySpreadConstraints: which nodes they forbid, and which they like less. In the words of Kubernetes' PodTopologySpread
 * plugin; called by neighbours.ts for each pod, which asks the answer of each node. Pure.
 */
import type { TopologySpreadConstraint } from '../objects/affinity.ts';
import type { Pod } from '../objects/pod.ts';
import { matchesSelectorTerms } from '../objects/selector-terms.ts';
import { selectsNode } from './node-affinity.ts';
import { taintReasons } from './node-taints.ts';
import type { NodeView } from './node-view.ts';
import type { DomainCount, PlacedPods } from './placed-pods.ts';
import { identityOf, withOwnLabels } from './pod-term.ts';

const MISMATCH = "node(s) didn't match pod topology spread constraints";

/** Why the pod may not be on a node as its constraints say; none where it may. Undefined: it has none that say so. */
export function spreadFilter(
  pod: Pod,
  placed: PlacedPods,
  nodes: readonly NodeView[],
): ((node: NodeView) => string[]) | undefined {
  const limits = constraintsOf(pod, 'DoNotSchedule').map((constraint, _, all) => {
    const count = countOf(pod, constraint, all, placed, nodes);
    const own = matchesSelectorTerms(selectorOf(pod, constraint), pod.metadata.labels) ? 1 : 0;
    const least = count.size < (constraint.minDomains ?? 1) ? 0 : leastOf(count);
    return { topologyKey: constraint.topologyKey, count, most: least + constraint.maxSkew - own };
  });
  if (limits.length === 0) return undefined;
  return (node) => {
    for (const { topologyKey, count, most } of limits) {
      const domain = node.labels[topologyKey];
      if (domain === undefined) return [`${MISMATCH} (missing required label)`];
      if ((count.get(domain) ?? 0) > most) return [MISMATCH];
    }
    return [];
  };
}

/**
 * How full each node's domains are, by the constraints that may be broken; undefined for nodes that have no such domain. Answers
 * undefined where the pod has no such constraint. `feasible`: the nodes that are compared.
 */
export function spreadScore(
  pod: Pod,
  placed: PlacedPods,
  nodes: readonly NodeView[],
  feasible: readonly NodeView[],
): ((node: NodeView) => number | undefined) | undefined {
  const constraints = constraintsOf(pod, 'ScheduleAnyway');
  if (constraints.length === 0) return undefined;
  const weighed = constraints.map(({ topologyKey, maxSkew }, i) => {
    const domains = new Set(feasible.filter((node) => hasDomains(node, constraints)).map((n) => n.labels[topologyKey]));
    return {
      topologyKey,
      count: countOf(pod, constraints[i] as TopologySpreadConstraint, constraints, placed, nodes),
      // Of few domains each holds many pods: that alone must not outweigh a topology of many.
      weight: Math.log(domains.size + 2),
      tolerance: maxSkew - 1,
    };
  });
  return (node) => {
    if (!hasDomains(node, constraints)) return undefined;
    return weighed.reduce((sum, { topologyKey, count, weight, tolerance }) => {
      return sum + (count.get(node.labels[topologyKey] ?? '') ?? 0) * weight + tolerance;
    }, 0);
  };
}

/** Pods that count, in the domains of the nodes that do. `all`: those of the pod with the same consequence; a node has to have a domain of each. */
function countOf(
  pod: Pod,
  constraint: TopologySpreadConstraint,
  all: readonly TopologySpreadConstraint[],
  placed: PlacedPods,
  nodes: readonly NodeView[],
): DomainCount {
  const { topologyKey, nodeAffinityPolicy = 'Honor', nodeTaintsPolicy = 'Ignore' } = constraint;
  const { namespace } = pod.metadata;
  const { nodeSelector, affinity, tolerations } = pod.spec;
  const selector = selectorOf(pod, constraint);
  const honoured = [
    nodeAffinityPolicy === 'Honor' && [nodeSelector ?? {}, affinity?.nodeAffinity ?? {}],
    nodeTaintsPolicy === 'Honor' && (tolerations ?? []),
  ];
  const keys = all.map((each) => each.topologyKey);
  return placed.count(identityOf('spread', namespace, topologyKey, keys, selector ?? null, honoured), () => ({
    topologyKey,
    counts: ({ metadata }) =>
      metadata.namespace === namespace &&
      metadata.deletionTimestamp === undefined &&
      matchesSelectorTerms(selector, metadata.labels),
    domains: nodes.filter(
      (node) =>
        hasDomains(node, all) &&
        (nodeAffinityPolicy === 'Ignore' || selectsNode(pod.spec, node)) &&
        (nodeTaintsPolicy === 'Ignore' || taintReasons(pod, node).length === 0),
    ),
  }));
}

function constraintsOf({ spec }: Pod, action: TopologySpreadConstraint['whenUnsatisfiable']) {
  return (spec.topologySpreadConstraints ?? []).filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action);
}

function selectorOf(pod: Pod, { labelSelector, matchLabelKeys }: TopologySpreadConstraint) {
  return withOwnLabels(labelSelector, pod, { ...(matchLabelKeys && { matchLabelKeys }) });
}

function hasDomains({ labels }: NodeView, constraints: readonly TopologySpreadConstraint[]): boolean {
  return constraints.every(({ topologyKey }) => labels[topologyKey] !== undefined);
}

function leastOf(count: DomainCount): number {
  let least = Number.POSITIVE_INFINITY;
  for (const pods of count.values()) least = Math.min(least, pods);
  return least;
}
