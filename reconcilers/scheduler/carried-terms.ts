/**
 * What pods that have a node say about those that come beside them: their anti-affinity forbids, their preferences draw and repel.
 * Terms that mean the same are kept once, with where their pods are. Pure but for its own growth while a plan places pods.
 */
import type { Pod } from '../objects/pod.ts';
import type { NodeView } from './node-view.ts';
import { hasTerms, identityOf, meansPod, type NamespaceLabels, type PodTerm, termsOf } from './pod-term.ts';

/** What one required affinity counts for the pods that it means (Kubernetes' HardPodAffinityWeight). */
const HARD_WEIGHT = 1;

export interface CarriedTerm {
  readonly term: PodTerm;
  /** Of one pod; none: it forbids. */
  readonly weight?: number;
  /** Pods that carry it, by the domain that they are in. */
  readonly carriers: ReadonlyMap<string, number>;
}

export class CarriedTerms {
  readonly #namespaces: NamespaceLabels;
  readonly #nodes: ReadonlyMap<string, NodeView>;
  readonly #terms = new Map<string, CarriedTerm & { readonly carriers: Map<string, number> }>();

  constructor(pods: readonly Pod[], nodes: readonly NodeView[], namespaces: NamespaceLabels) {
    this.#namespaces = namespaces;
    this.#nodes = new Map(nodes.map((node) => [node.name, node]));
    for (const pod of pods) this.add(pod, pod.spec.nodeName ?? '');
  }

  /** The pod is on the node from now on. */
  add(pod: Pod, nodeName: string): void {
    if (!hasTerms(pod)) return;
    const node = this.#nodes.get(nodeName);
    if (node === undefined) return;
    const { together, apart, preferred } = termsOf(pod);
    for (const term of apart) this.#carry(node, term);
    for (const term of together) this.#carry(node, term, HARD_WEIGHT);
    for (const { term, weight } of preferred) this.#carry(node, term, weight);
  }

  /** Those that mean the pod. */
  about(pod: Pod): CarriedTerm[] {
    return [...this.#terms.values()].filter(({ term }) => meansPod(term, pod, this.#namespaces));
  }

  #carry(node: NodeView, term: PodTerm, weight?: number): void {
    const domain = node.labels[term.topologyKey];
    if (domain === undefined) return;
    const key = identityOf(term, weight ?? 'forbids');
    let carried = this.#terms.get(key);
    if (carried === undefined) {
      carried = { term, ...(weight !== undefined && { weight }), carriers: new Map() };
      this.#terms.set(key, carried);
    }
    carried.carriers.set(domain, (carried.carriers.get(domain) ?? 0) + 1);
  }
}
