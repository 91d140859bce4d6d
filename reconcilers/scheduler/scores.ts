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

/** The best node; of equals the first. `nodes` is not empty. */
export function bestNode(pod: Pod, demand: Demand, nodes: readonly NodeView[], neighbours: Neighbours): NodeView {
  const { spec } = pod;
  const liked = nodeShare(pod, nodes);
  const beside = neighbours.affinity(pod, nodes);
  const spread = neighbours.spread(pod, nodes) ?? siblingsShare(demand, nodes);
  const disliked = (node: NodeView) =>
    node.taints.filter((taint) => taint.effect === 'PreferNoSchedule' && !isTolerated(taint, spec.tolerations)).length;
  const mostDisliked = Math.max(...nodes.map(disliked));
  const score = (node: NodeView) =>
    WEIGHTS.taints * (mostDisliked === 0 ? 1 : 1 - disliked(node) / mostDisliked) +
    WEIGHTS.nodeAffinity * (liked?.(node) ?? 0) +
    WEIGHTS.podAffinity * (beside?.(node) ?? 0) +
    WEIGHTS.spread * spread(node) +
    WEIGHTS.leastRequested * freeShare(demand, node) +
    WEIGHTS.image * imageShare(demand, node);

  let best = { node: nodes[0] as NodeView, score: Number.NEGATIVE_INFINITY };
  for (const node of nodes) {
    const own = score(node);
    if (own > best.score) best = { node, score: own };
  }
  return best.node;
}

/** The pod's own preferences among nodes; undefined where it has none that one of them meets. */
function nodeShare({ spec }: Pod, nodes: readonly NodeView[]): ((node: NodeView) => number) | undefined {
  if (spec.affinity?.nodeAffinity === undefined) return undefined;
  const most = Math.max(...nodes.map((node) => preferenceFor(spec, node)));
  return most === 0 ? undefined : (node) => preferenceFor(spec, node) / most;
}

/** Of pods that say nothing of their spread: few of the same controller on each node. */
function siblingsShare({ owner }: Demand, nodes: readonly NodeView[]): (node: NodeView) => number {
  const siblings = (node: NodeView) => (owner === undefined ? 0 : (node.owners[owner] ?? 0));
  const most = Math.max(...nodes.map(siblings));
  return (node) => (most === 0 ? 1 : 1 - siblings(node) / most);
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
