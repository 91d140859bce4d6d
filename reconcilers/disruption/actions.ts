/** What the disruption loop can do: tell how many pods of a budget may be evicted now. */
import type { PodDisruptionBudget } from '../objects/kinds/pod-disruption-budget.ts';
import type { ObjectKey } from '../objects/meta.ts';

export interface DisruptionAction {
  readonly kind: 'write-status';
  readonly budget: ObjectKey & { readonly resourceVersion: string };
  readonly status: PodDisruptionBudget['status'];
}
