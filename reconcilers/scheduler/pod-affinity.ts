/**
 * Pod affinity and anti-affinity, of the pod that is placed and of those that are. In the words of Kubernetes' InterPodAffinity
 * plugin; called by neighbours.ts for each pod, which asks the answer of each node. Pure.
 */
import type { Pod } from '../objects/pod.ts';
import type { CarriedTerms } from './carried-terms.ts';
import type { NodeView } from './node-view.ts';
import type { DomainCount, PlacedPods } from './placed-pods.ts';
import { identityOf, meansPod, type NamespaceLabels, type PodTerm, termsOf } from './pod-term.ts';

export interface Around {
  readonly placed: PlacedPods;
  readonly carried: CarriedTerms;
  readonly namespaces: NamespaceLabels;
}

/** Why the pod may not be on a node because of other pods; none where it may. Undefined: no other pod matters to it. */
export function podAffinityFilter(pod: Pod, around: Around): ((node: NodeView) => string[]) | undefined {
  const isWithThem = togetherFilter(pod, around);
  const apart = termsOf(pod).apart.map((term) => ({ term, count: countOf(term, around) }));
  const forbidding = around.carried.about(pod).filter(({ weight }) => weight === undefined);
  if (termsOf(pod).together.length + apart.length + forbidding.length === 0) return undefined;
  return (node) => {
    if (!isWithThem(node)) return ["node(s) didn't match pod affinity rules"];
    if (apart.some(({ term, count }) => at(count, term, node) > 0)) {
      return ["node(s) didn't match pod anti-affinity rules"];
    }
    if (forbidding.some(({ term, carriers }) => at(carriers, term, node) > 0)) {
      return ["node(s) didn't satisfy existing pods anti-affinity rules"];
    }
    return [];
  };
}

/** How much the pod and those around it want it on each node: a sum of weights, below zero where they would rather not. */
export function podAffinityScore(pod: Pod, around: Around): ((node: NodeView) => number) | undefined {
  const weighed = [
    ...termsOf(pod).preferred.map(({ term, weight }) => ({ term, weight, count: countOf(term, around) })),
    ...around.carried.about(pod).map(({ term, weight = 0, carriers }) => ({ term, weight, count: carriers })),
  ].filter(({ weight, count }) => weight !== 0 && count.size > 0);
  if (weighed.length === 0) return undefined;
  return (node) => weighed.reduce((sum, { term, weight, count }) => sum + weight * at(count, term, node), 0);
}

/** A pod that is there is to meet all terms at once. The first of pods that want each other may be anywhere that is a domain. */
function togetherFilter(pod: Pod, around: Around): (node: NodeView) => boolean {
  const { together } = termsOf(pod);
  const meansAll = (other: Pod) => together.every((term) => meansPod(term, other, around.namespaces));
  const counts = together.map((term) => ({
    term,
    count: around.placed.count(identityOf('together', term.topologyKey, together), () => ({
      topologyKey: term.topologyKey,
      counts: meansAll,
    })),
  }));
  const isFirst = counts.every(({ count }) => count.size === 0) && meansAll(pod);
  return (node) =>
    counts.every(
      ({ term, count }) => node.labels[term.topologyKey] !== undefined && (isFirst || at(count, term, node) > 0),
    );
}

function countOf(term: PodTerm, { placed, namespaces }: Around): DomainCount {
  return placed.count(identityOf('term', term), () => ({
    topologyKey: term.topologyKey,
    counts: (other) => meansPod(term, other, namespaces),
  }));
}

function at(count: DomainCount, { topologyKey }: PodTerm, { labels }: NodeView): number {
  const domain = labels[topologyKey];
  return domain === undefined ? 0 : (count.get(domain) ?? 0);
}
