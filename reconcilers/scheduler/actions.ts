/** What the scheduler can do: put pods on nodes, say where their volumes are to be, and of those that fit nowhere why. */
import type { ObjectKey } from '../objects/meta.ts';

export interface Binding extends ObjectKey {
  readonly uid: string;
  readonly node: string;
}

export interface Refusal extends ObjectKey {
  readonly uid: string;
  readonly resourceVersion: string;
  /** `0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.` */
  readonly message: string;
}

/** Where the volume of a claim is to be: with its first pod, which waits for it. */
export interface Selection extends ObjectKey {
  readonly node: string;
}

export type SchedulerAction =
  | { readonly kind: 'select-nodes'; readonly claims: readonly Selection[] }
  | { readonly kind: 'bind-pods'; readonly bindings: readonly Binding[] }
  | { readonly kind: 'report-unschedulable'; readonly refusals: readonly Refusal[] };
