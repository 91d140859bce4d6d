/**
 * The arithmetic of PodDisruptionBudgets that evictions and the disruption loop share. Pure.
 * Source: pkg/controller/disruption, component-helpers/apps/poddisruptionbudget
 */
import type { PodDisruptionBudget } from '../kinds/pod-disruption-budget.ts';
import { type Condition, toTimestamp } from '../meta.ts';
import type { Pod } from '../pod.ts';
import { matchesSelectorTerms } from '../selector-terms.ts';

type Status = PodDisruptionBudget['status'];

const DISRUPTION_ALLOWED = 'DisruptionAllowed';

/** Whether the budget protects the pod. */
export function protects({ metadata, spec }: PodDisruptionBudget, pod: Pod): boolean {
  return metadata.namespace === pod.metadata.namespace && matchesSelectorTerms(spec.selector, pod.metadata.labels);
}

/** The status with the condition that says what its `disruptionsAllowed` means. */
export function withCondition(status: Status, now: number): Status {
  const reason = status.disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods';
  return conditioned(status, reason, '', now);
}

/** The status of a budget that cannot be computed, for `why`: nothing may be evicted meanwhile. */
export function withFailure(status: Status, why: string, now: number): Status {
  return conditioned({ ...status, disruptionsAllowed: 0 }, 'SyncFailed', why, now);
}

function conditioned(status: Status, reason: string, message: string, now: number): Status {
  const { conditions = [], observedGeneration, disruptionsAllowed } = status;
  const before = conditions.find(({ type }) => type === DISRUPTION_ALLOWED);
  const value = disruptionsAllowed > 0 ? 'True' : 'False';
  const condition: Condition = {
    type: DISRUPTION_ALLOWED,
    status: value,
    reason,
    message,
    ...(observedGeneration !== undefined && { observedGeneration }),
    lastTransitionTime: (before?.status === value && before.lastTransitionTime) || toTimestamp(now),
  };
  return { ...status, conditions: [...conditions.filter((other) => other !== before), condition] };
}

/** A number of pods, or a share of `total`, rounded up. */
export function scaled(amount: number | string, total: number): number {
  return typeof amount === 'number' ? amount : Math.ceil((Number.parseInt(amount, 10) * total) / 100);
}
