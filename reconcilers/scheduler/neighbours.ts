/**
 * What other pods mean for where a pod goes: affinity and spread. Made once for a plan; plan.ts asks it about each pod, and tells it
 * of each placement. Counts are kept, so that a node costs the same however many pods there are.
 */
import type { Pod } from '../objects/pod.ts';
import { CarriedTerms } from './carried-terms.ts';
import type { NodeView } from './node-view.ts';
import type { ObservedCluster } from './observe.ts';
import { PlacedPods } from './placed-pods.ts';
import { type Around, podAffinityFilter, podAffinityScore } from './pod-affinity.ts';
import { spreadFilter, spreadScore } from './topology-spread.ts';

export class Neighbours {
  readonly #nodes: readonly NodeView[];
  readonly #around: Around;

  constructor({ nodes, placed = [], namespaces = {} }: ObservedCluster) {
    this.#nodes = nodes;
    this.#around = {
      namespaces,
      placed: new PlacedPods(placed, nodes),
      carried: new CarriedTerms(placed, nodes, namespaces),
    };
  }

  /** Why the pod may not go to a node, in the words of Kubernetes' scheduler; none where it may. Undefined: it may go to any. */
  filter(pod: Pod): ((node: NodeView) => string[]) | undefined {
    const isSpread = spreadFilter(pod, this.#around.placed, this.#nodes);
    const fits = podAffinityFilter(pod, this.#around);
    if (isSpread === undefined || fits === undefined) return isSpread ?? fits;
    return (node) => {
      const reasons = isSpread(node);
      return reasons.length > 0 ? reasons : fits(node);
    };
  }

  /** Of `feasible` nodes how well each suits: 0 to 1; undefined where nothing tells them apart. */
  affinity(pod: Pod, feasible: readonly NodeView[]): ((node: NodeView) => number) | undefined {
    const score = podAffinityScore(pod, this.#around);
    if (score === undefined) return undefined;
    const [least, most] = extremes(feasible.map(score));
    return most === least ? undefined : (node) => (score(node) - least) / (most - least);
  }

  /** The same of the pod's own constraints on its spread; undefined where it has none that could be broken. */
  spread(pod: Pod, feasible: readonly NodeView[]): ((node: NodeView) => number) | undefined {
    const score = spreadScore(pod, this.#around.placed, this.#nodes, feasible);
    if (score === undefined) return undefined;
    const [least, most] = extremes(feasible.map(score).filter((value) => value !== undefined));
    return (node) => {
      const own = score(node);
      if (own === undefined) return 0;
      return most === 0 ? 1 : (most + least - own) / most;
    };
  }

  /** The pod goes to the node: it counts from now on. */
  add(pod: Pod, node: string): void {
    this.#around.placed.add(pod, node);
    this.#around.carried.add(pod, node);
  }
}

/** Whether a pod that fits nowhere may fit once others are placed. */
export function mayWaitForPods({ spec: { affinity, topologySpreadConstraints = [] } }: Pod): boolean {
  const { requiredDuringSchedulingIgnoredDuringExecution: required = [] } = affinity?.podAffinity ?? {};
  return required.length > 0 || topologySpreadConstraints.length > 0;
}

function extremes(values: readonly number[]): [least: number, most: number] {
  return values.reduce<[number, number]>(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
}
