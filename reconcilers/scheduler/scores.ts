/**
 * Which of the nodes that a pod fits on is the best: the one that it prefers, free of taints, apart from its siblings, least loaded,
 * image present. Pure.
 */
import type { Pod } from '../objects/pod.ts';
import { isTolerated } from '../objects/taints.ts';
import type { Demand } from './demand.ts';
import type { Neighbours } from './neighbours.ts';
import { preferenceFor } from './node-affinity.ts';
import type { NodeView } from './node-view.ts';

/** As Kubernetes' default profile weighs them. */
const WEIGHTS = { taints: 3, nodeAffinity: 2, podAffinity: 2, spread: 2, leastRequested: 1, image: 1 };

/** What the pod's score for one node is made of, by that node alone. */
export interface Merits {
  /** The pod's own preferences that it meets, by their weights. */
  readonly liked: number;
  /** Its taints that the pod would rather avoid. */
  readonly disliked: number;
  /** Pods of the same controller that are there. */
  readonly siblings: number;
  /** What needs no comparison: the room that is left, and the images that are there. */
  readonly own: number;
}

export function meritsOf({ spec }: Pod, demand: Demand, node: NodeView): Merits {
  const { owner } = demand;
  return {
    liked: spec.affinity?.nodeAffinity === undefined ? 0 : preferenceFor(spec, node),
    disliked: node.taints.filter(({ effect, ...taint }) => {
      return effect === 'PreferNoSchedule' && !isTolerated({ effect, ...taint }, spec.tolerations);
    }).length,
    siblings: owner === undefined ? 0 : (node.owners[owner] ?? 0),
    own: WEIGHTS.leastRequested * freeShare(demand, node) + WEIGHTS.image * imageShare(demand, node),
  };
}

/** The best node; of equals the first. `fits` is not empty. */
export function bestNode(
  pod: Pod,
  fits: readonly { readonly node: NodeView; readonly merits: Merits }[],
  neighbours: Neighbours,
): NodeView {
  const nodes = fits.map(({ node }) => node);
  const beside = neighbours.affinity(pod, nodes);
  const spread = neighbours.spread(pod, nodes);
  const most = { liked: 0, disliked: 0, siblings: 0 };
  for (const { merits } of fits) {
    most.liked = Math.max(most.liked, merits.liked);
    most.disliked = Math.max(most.disliked, merits.disliked);
    most.siblings = Math.max(most.siblings, merits.siblings);
  }
  const score = (node: NodeView, { liked, disliked, siblings, own }: Merits) =>
    WEIGHTS.taints * (most.disliked === 0 ? 1 : 1 - disliked / most.disliked) +
    WEIGHTS.nodeAffinity * (most.liked === 0 ? 0 : liked / most.liked) +
    WEIGHTS.podAffinity * (beside?.(node) ?? 0) +
    // Of pods that say nothing of their spread, few of the same controller are on each node.
    WEIGHTS.spread * (spread?.(node) ?? (most.siblings === 0 ? 1 : 1 - siblings / most.siblings)) +
    own;

  let best = { node: nodes[0] as NodeView, score: Number.NEGATIVE_INFINITY };
  for (const { node, merits } of fits) {
    const own = score(node, merits);
    if (own > best.score) best = { node, score: own };
  }
  return best.node;
}

/** What would be left of the node, 0 to 1, the mean of CPU and memory (NodeResourcesFit, LeastAllocated). */
function freeShare({ estimate }: Demand, { allocatable, estimated }: NodeView): number {
  const share = (name: 'cpu' | 'memory') => {
    const offered = allocatable[name] ?? 0;
    return offered === 0 ? 0 : Math.max(0, (offered - estimated[name] - estimate[name]) / offered);
  };
  return (share('cpu') + share('memory')) / 2;
}

/** The share of the pod's images that need no pull. */
function imageShare({ images }: Demand, node: NodeView): number {
  return images.length === 0 ? 0 : images.filter((image) => node.images.includes(image)).length / images.length;
}
