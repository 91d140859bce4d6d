/** What the scheduler reads: the pods that wait for a node, their claims, and every node with what its pods take. Cache only. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import { isPodTerminal, type Pod } from '../objects/pod.ts';
import type { ClaimViews } from './claims.ts';
import { type NodeView, viewNode } from './node-view.ts';
import { ClaimObserver } from './observe-claims.ts';

/** Pods that name another scheduler are left to it. */
export const SCHEDULER_NAME = 'default-scheduler';

export interface ObservedCluster {
  /** Oldest first. */
  readonly pending: readonly Pod[];
  /** By name. */
  readonly nodes: readonly NodeView[];
  /** Those of the pending pods; absent: they use none. */
  readonly claims?: ClaimViews;
}

export class SchedulerObserver {
  readonly #cache;
  readonly #pending;
  readonly #byNode;
  readonly #claims;

  constructor(cache: ReadOnlyCache) {
    this.#cache = cache;
    this.#claims = new ClaimObserver(cache);
    this.#pending = cache.index('Pod', (pod) => (waitsForNode(pod) ? ['pending'] : []));
    this.#byNode = cache.index('Pod', (pod) =>
      pod.spec.nodeName === undefined || isPodTerminal(pod) ? [] : [pod.spec.nodeName],
    );
  }

  get anyPending(): boolean {
    return this.#pending.get('pending').length > 0;
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
        nodes: nodes
          .map((node) => viewNode(node, this.#byNode.get(node.metadata.name)))
          .sort((a, b) => (a.name < b.name ? -1 : 1)),
      },
    };
  }
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
