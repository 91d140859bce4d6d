/**
 * Puts waiting pods on nodes, oldest first. One plan places a whole batch and counts each placement before the next, so that pods
 * placed together never take the same free share twice. Pure.
 */
import type { Plan } from '../kit/reconciler.ts';
import { keyOf, parseKey } from '../objects/meta.ts';
import type { Pod } from '../objects/pod.ts';
import type { Binding, Refusal, SchedulerAction, Selection } from './actions.ts';
import { type ClaimView, claimProblem, claimsOf, withPodOn } from './claims.ts';
import { type Demand, demandOf } from './demand.ts';
import { refusalMessage, refusalReasons } from './filters.ts';
import { type NodeView, withPod } from './node-view.ts';
import type { ObservedCluster } from './observe.ts';
import { bestNode } from './scores.ts';

/** Then the first ones are written before the rest is computed. */
const MOST_BINDINGS = 200;

export function plan(_desired: true | undefined, observed: ObservedCluster): Plan<SchedulerAction> {
  const { pending, nodes } = observed;
  const volumes: Record<string, ClaimView> = { ...observed.claims };
  const selections: Selection[] = [];
  const bindings: Binding[] = [];
  const refusals: Refusal[] = [];
  const views = new Map(nodes.map((node) => [node.name, node]));
  /** Nodes only fill up while a batch is placed: what fitted nowhere fits nowhere a second time. */
  const hopeless = new Map<string, string>();
  let refused = 0;

  for (const pod of pending) {
    if (bindings.length === MOST_BINDINGS) break;
    const demand = demandOf(pod);
    const claims = claimsOf(pod, volumes);
    const { nodeSelector, tolerations } = pod.spec;
    const shape = JSON.stringify([demand.requests, demand.hostPorts, nodeSelector, tolerations, claims]);
    const placed = hopeless.get(shape) ?? place(pod, demand, [...views.values()], claims);
    if (typeof placed === 'string') {
      hopeless.set(shape, placed);
      refused += 1;
      if (toldReason(pod) !== placed) refusals.push({ ...seen(pod), message: placed });
    } else {
      const node = placed.name;
      views.set(node, withPod(placed, demand));
      for (const [key, view] of claims) {
        volumes[key] = withPodOn(node, view);
        if (view.state === 'open') selections.push({ ...parseKey(key), node });
      }
      // It goes there when its volumes do.
      if (claims.every(([, { state }]) => state === 'bound')) {
        bindings.push({ ...keyOf(pod), uid: pod.metadata.uid, node });
      }
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
  demand: Demand,
  nodes: readonly NodeView[],
  claims: readonly [string, ClaimView][],
): NodeView | string {
  const problem = claimProblem(claims);
  if (problem !== undefined && nodes.length > 0) return `0/${nodes.length} nodes are available: ${problem}.`;
  const reasons: string[] = [];
  const feasible = nodes.filter((node) => {
    const own = refusalReasons(pod, demand, node, claims);
    reasons.push(...own);
    return own.length === 0;
  });
  return feasible.length === 0 ? refusalMessage(nodes.length, reasons) : bestNode(pod, demand, feasible);
}

/** What the pod's status already says about why it waits. */
function toldReason(pod: Pod): string | undefined {
  const scheduled = pod.status.conditions?.find((condition) => condition.type === 'PodScheduled');
  return scheduled?.status === 'False' && scheduled.reason === 'Unschedulable' ? scheduled.message : undefined;
}

function seen(pod: Pod): Omit<Refusal, 'message'> {
  return { ...keyOf(pod), uid: pod.metadata.uid, resourceVersion: pod.metadata.resourceVersion };
}
