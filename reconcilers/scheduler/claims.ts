/**
 * What the claims of a pod ask of the node that it gets: that their volumes are there, or can be made there. In the words of Kubernetes'
 * VolumeBinding and VolumeRestrictions plugins. Pure; observe.ts makes the views.
 */
import { formatKey, parseKey } from '../objects/meta.ts';
import type { Pod } from '../objects/pod.ts';
import { podClaims } from '../objects/pod-claims.ts';
import type { Selection } from './actions.ts';

export type ClaimView =
  /** Nothing can be done about it here: why. */
  | { readonly state: 'hopeless'; readonly problem: string }
  /** It has its volume, which these nodes have. */
  | ({ readonly state: 'bound'; readonly nodes: readonly string[] } & Shared)
  /** Its node is chosen, its volume not there yet. */
  | ({ readonly state: 'selected'; readonly node: string } & Shared)
  /** It gets its volume where its first pod goes. `nodes`: where there is one; absent: it is made anywhere. */
  | ({ readonly state: 'open'; readonly nodes?: readonly string[] } & Shared);

interface Shared {
  /** Of a claim that only one pod may have: whether one has it. */
  readonly once?: 'free' | 'taken';
}

/** By `namespace/name`; what pending pods use. */
export type ClaimViews = Readonly<Record<string, ClaimView>>;

/** A pod's own, each once. */
export type PodClaimViews = readonly (readonly [key: string, view: ClaimView])[];

/** The claims of the pods that are placed together: what one of them settles is settled for the next. */
export class BatchClaims {
  readonly #views: Map<string, ClaimView>;

  constructor(views: ClaimViews = {}) {
    this.#views = new Map(Object.entries(views));
  }

  of(pod: Pod): PodClaimViews {
    return [...new Set(podClaims(pod).map(formatKey))].map((key) => {
      const { name } = parseKey(key);
      const problem = `persistentvolumeclaim "${name}" not found`;
      return [key, this.#views.get(key) ?? { state: 'hopeless', problem }];
    });
  }

  /** A pod that has them goes to the node; answers for which of them that is news. */
  goTo(node: string, claims: PodClaimViews): Selection[] {
    for (const [key, view] of claims) this.#views.set(key, withPodOn(node, view));
    return claims.filter(([, { state }]) => state === 'open').map(([key]) => ({ ...parseKey(key), node }));
  }
}

/** Whether a pod that has them may go to its node. */
export function areThere(claims: PodClaimViews): boolean {
  return claims.every(([, { state }]) => state === 'bound');
}

/** Why the pod fits on no node at all. */
export function claimProblem(claims: PodClaimViews): string | undefined {
  for (const [, view] of claims) if (view.state === 'hopeless') return view.problem;
  return undefined;
}

/** Why not on this one. */
export function claimReasons(claims: PodClaimViews, node: string): string[] {
  for (const [, view] of claims) {
    if (view.state === 'hopeless') continue;
    if (view.once === 'taken') {
      return ['node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode'];
    }
    if (view.state === 'open') {
      if (view.nodes?.includes(node) === false) return ["node(s) didn't find available persistent volumes to bind"];
    } else if (!(view.state === 'bound' ? view.nodes : [view.node]).includes(node)) {
      return ['node(s) had volume node affinity conflict'];
    }
  }
  return [];
}

function withPodOn(node: string, view: ClaimView): ClaimView {
  if (view.state === 'hopeless') return view;
  const once = view.once === undefined ? {} : { once: 'taken' as const };
  return view.state === 'open' ? { state: 'selected', node, ...once } : { ...view, ...once };
}
