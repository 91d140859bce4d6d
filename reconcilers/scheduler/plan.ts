/**
 * Puts waiting pods on nodes, oldest first. One plan places a whole batch and counts each placement before the next, so that pods
 * placed together never take the same free share twice. Pure.
 */
import type { Plan } from '../kit/reconciler.ts';
import { keyOf } from '../objects/meta.ts';
import type { Pod } from '../objects/pod.ts';
import type { Binding, Refusal, SchedulerAction, Selection } from './actions.ts';
import { areThere, BatchClaims, claimProblem, type PodClaimViews } from './claims.ts';
import { type Demand, demandOf } from './demand.ts';
import { refusalMessage } from './filters.ts';
import { mayWaitForPods, Neighbours } from './neighbours.ts';
import { NodeFits } from './node-fits.ts';
import { type NodeView, withPod } from './node-view.ts';
import type { ObservedCluster } from './observe.ts';
import { bestNode } from './scores.ts';

/** Then the first ones are written before the rest is computed. */
const MOST_BINDINGS = 200;

export function plan(_desired: true | undefined, observed: ObservedCluster): Plan<SchedulerAction> {
  const { pending, nodes } = observed;
  const neighbours = new Neighbours(observed);
  const volumes = new BatchClaims(observed.claims);
  const selections: Selection[] = [];
  const bindings: Binding[] = [];
  const refusals: Refusal[] = [];
  const views = [...nodes];
  const indexes = new Map(nodes.map(({ name }, index) => [name, index]));
  const fits = new Map<string, NodeFits>();
  /** Nodes only fill up while a batch is placed: what fitted nowhere fits nowhere a second time. */
  const hopeless = new Map<string, string>();
  /** But for what waits for other pods: that is looked at again once one is placed. */
  const hopelessYet = new Map<string, string>();
  let refused = 0;

  for (const pod of pending) {
    if (bindings.length === MOST_BINDINGS) break;
    const demand = demandOf(pod);
    const claims = volumes.of(pod);
    const own = ownShapeOf(pod, demand, claims);
    const shape = shapeAmongPodsOf(pod, own);
    const seenBefore = mayWaitForPods(pod) ? hopelessYet : hopeless;
    const fit = fits.get(own) ?? new NodeFits(pod, demand, claims);
    fits.set(own, fit);
    const placed = seenBefore.get(shape) ?? place(pod, views, { fit, neighbours, claims });
    if (typeof placed === 'string') {
      seenBefore.set(shape, placed);
      refused += 1;
      if (toldReason(pod) !== placed) refusals.push({ ...seen(pod), message: placed });
    } else {
      views[indexes.get(placed.name) as number] = withPod(placed, demand);
      neighbours.add(pod, placed.name);
      hopelessYet.clear();
      selections.push(...volumes.goTo(placed.name, claims));
      // It goes there when its volumes do.
      if (areThere(claims)) bindings.push({ ...keyOf(pod), uid: pod.metadata.uid, node: placed.name });
    }
  }

  const actions: SchedulerAction[] = [];
  if (selections.length > 0) actions.push({ kind: 'select-nodes', claims: selections });
  if (bindings.length > 0) actions.push({ kind: 'bind-pods', bindings });
  if (refusals.length > 0) actions.push({ kind: 'report-unschedulable', refusals });
  return { actions, because: `${pending.length} pending, ${refused} of them fit on no node` };
}

/** The node for the pod, or the sentence that says why there is none. */
function place(
  pod: Pod,
  nodes: readonly NodeView[],
  {
    fit,
    neighbours,
    claims,
  }: { readonly fit: NodeFits; readonly neighbours: Neighbours; readonly claims: PodClaimViews },
): NodeView | string {
  const problem = claimProblem(claims);
  if (problem !== undefined && nodes.length > 0) return `0/${nodes.length} nodes are available: ${problem}.`;
  const reasons: string[] = [];
  const suits = neighbours.filter(pod);
  const feasible = fit.of(nodes).filter(({ node, reasons: own }) => {
    const all = own.length > 0 || suits === undefined ? own : suits(node);
    reasons.push(...all);
    return all.length === 0;
  });
  return feasible.length === 0 ? refusalMessage(nodes.length, reasons) : bestNode(pod, feasible, neighbours);
}

/** Pods of the same fit on the same nodes and like the same ones best, other pods aside. */
function ownShapeOf({ spec }: Pod, demand: Demand, claims: PodClaimViews): string {
  return JSON.stringify([demand, spec.nodeSelector, spec.tolerations, spec.affinity?.nodeAffinity, claims]);
}

/** And these with other pods around. */
function shapeAmongPodsOf({ metadata, spec }: Pod, ownShape: string): string {
  const { affinity, topologySpreadConstraints } = spec;
  return JSON.stringify([ownShape, metadata.namespace, metadata.labels, affinity, topologySpreadConstraints]);
}

/** What the pod's status already says about why it waits. */
function toldReason(pod: Pod): string | undefined {
  const scheduled = pod.status.conditions?.find((condition) => condition.type === 'PodScheduled');
  return scheduled?.status === 'False' && scheduled.reason === 'Unschedulable' ? scheduled.message : undefined;
}

function seen(pod: Pod): Omit<Refusal, 'message'> {
  return { ...keyOf(pod), uid: pod.metadata.uid, resourceVersion: pod.metadata.resourceVersion };
}
