/**
 * What the scheduler reads: the pods that wait for a node, their claims, every node with what its pods take, and those of them that
 * other pods are to be with or apart from. Cache only.
 */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import type { Node } from '../objects/cluster.ts';
import { isPodTerminal, type Pod } from '../objects/pod.ts';
import type { ClaimViews } from './claims.ts';
import { type NodeView, viewNode } from './node-view.ts';
import { ClaimObserver } from './observe-claims.ts';
import { hasTerms, type NamespaceLabels } from './pod-term.ts';

/** Pods that name another scheduler are left to it. */
export const SCHEDULER_NAME = 'default-scheduler';

export interface ObservedCluster {
  /** Oldest first. */
  readonly pending: readonly Pod[];
  /** By name. */
  readonly nodes: readonly NodeView[];
  /** Those of the pending pods; absent: they use none. */
  readonly claims?: ClaimViews;
  /** Pods with a node that matter to where those that wait may go: all where one of these asks, else who has a say of their own. */
  readonly placed?: readonly Pod[];
  readonly namespaces?: NamespaceLabels;
}

export class SchedulerObserver {
  readonly #cache;
  readonly #pending;
  readonly #byNode;
  readonly #claims;
  readonly #asking;
  readonly #havingASay;
  readonly #views = new WeakMap<Node, { readonly pods: readonly Pod[]; readonly view: NodeView }>();

  constructor(cache: ReadOnlyCache) {
    this.#cache = cache;
    this.#claims = new ClaimObserver(cache);
    this.#pending = cache.index('Pod', (pod) => (waitsForNode(pod) ? ['pending'] : []));
    this.#byNode = cache.index('Pod', (pod) =>
      pod.spec.nodeName === undefined || isPodTerminal(pod) ? [] : [pod.spec.nodeName],
    );
    this.#asking = cache.index('Pod', (pod) => (waitsForNode(pod) && asksForPods(pod) ? ['pending'] : []));
    this.#havingASay = cache.index('Pod', (pod) =>
      pod.spec.nodeName !== undefined && !isPodTerminal(pod) && hasTerms(pod) ? ['placed'] : [],
    );
  }

  get anyPending(): boolean {
    return this.#pending.has('pending');
  }

  /** Whether one of them goes by where other pods are. */
  get anyAsksForPods(): boolean {
    return this.#asking.has('pending');
  }

  observe(): Observation<true, ObservedCluster> {
    const pending = [...this.#pending.get('pending')].sort(byAge);
    const nodes = pending.length === 0 ? [] : this.#cache.list('Node');
    const claims = this.#claims.observe(pending, nodes);
    return {
      desired: true,
      observed: {
        pending,
        ...(Object.keys(claims).length > 0 && { claims }),
        nodes: nodes.map((node) => this.#view(node)).sort((a, b) => (a.name < b.name ? -1 : 1)),
        ...this.#neighbours(nodes),
      },
    };
  }

  /** Made anew where the node or one of its pods has changed: most have not since the last batch. */
  #view(node: Node): NodeView {
    const pods = this.#byNode.get(node.metadata.name);
    const known = this.#views.get(node);
    if (known?.pods === pods) return known.view;
    const view = viewNode(node, pods);
    this.#views.set(node, { pods, view });
    return view;
  }

  #neighbours(nodes: readonly Node[]): Pick<ObservedCluster, 'placed' | 'namespaces'> {
    const placed = this.anyAsksForPods
      ? nodes.flatMap(({ metadata }) => this.#byNode.get(metadata.name))
      : this.#havingASay.get('placed');
    // With none placed yet, those that ask may still be about each other.
    if (placed.length === 0 && !this.anyAsksForPods) return {};
    const namespaces = this.#cache.list('Namespace').map(({ metadata }) => [metadata.name, metadata.labels ?? {}]);
    return { placed, namespaces: Object.fromEntries(namespaces) };
  }
}

/** Whether where other pods are says something about where this one may go. */
function asksForPods(pod: Pod): boolean {
  return hasTerms(pod) || (pod.spec.topologySpreadConstraints ?? []).length > 0;
}

export function waitsForNode(pod: Pod): boolean {
  return (
    pod.spec.nodeName === undefined &&
    pod.spec.schedulerName === SCHEDULER_NAME &&
    pod.metadata.deletionTimestamp === undefined &&
    !isPodTerminal(pod)
  );
}

function byAge(a: Pod, b: Pod): number {
  const [ageA, ageB] = [a, b].map(({ metadata: { creationTimestamp, namespace, name } }) =>
    [creationTimestamp, namespace, name].join(' '),
  ) as [string, string];
  return ageA < ageB ? -1 : 1;
}
