/** What the scheduler can do: put pods on nodes, and say of those that fit nowhere why. */
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

export type SchedulerAction =
  | { readonly kind: 'bind-pods'; readonly bindings: readonly Binding[] }
  | { readonly kind: 'report-unschedulable'; readonly refusals: readonly Refusal[] };
