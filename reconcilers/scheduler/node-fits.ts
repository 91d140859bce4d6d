/**
 * What nodes are to pods that are alike, other pods aside: whether one fits, and what its score is made of. plan.ts keeps one for each
 * shape of pod while it places a batch, so that only nodes that took a pod meanwhile are looked at again. Pure.
 */
import type { Pod } from '../objects/pod.ts';
import { claimReasons, type PodClaimViews } from './claims.ts';
import type { Demand } from './demand.ts';
import { refusalReasons } from './filters.ts';
import type { NodeView } from './node-view.ts';
import { type Merits, meritsOf } from './scores.ts';

export interface NodeFit {
  readonly node: NodeView;
  /** Why it does not; none where it does. */
  readonly reasons: readonly string[];
  readonly merits: Merits;
}

export class NodeFits {
  readonly #pod: Pod;
  readonly #demand: Demand;
  readonly #claims: PodClaimViews;
  readonly #known: NodeFit[] = [];

  constructor(pod: Pod, demand: Demand, claims: PodClaimViews) {
    this.#pod = pod;
    this.#demand = demand;
    this.#claims = claims;
  }

  /** One for each of `nodes`, which are the same and in the same order each time. */
  of(nodes: readonly NodeView[]): readonly NodeFit[] {
    for (const [index, node] of nodes.entries()) {
      if (this.#known[index]?.node !== node) this.#known[index] = this.#look(node);
    }
    return this.#known;
  }

  #look(node: NodeView): NodeFit {
    const own = refusalReasons(this.#pod, this.#demand, node);
    const reasons = own.length > 0 ? own : claimReasons(this.#claims, node.name);
    return { node, reasons, merits: meritsOf(this.#pod, this.#demand, node) };
  }
}
