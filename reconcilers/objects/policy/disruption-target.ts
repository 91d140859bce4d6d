/** The condition of a pod that is about to be deleted for reasons that are not its own: who does it, and why. Pure. */
import { type Condition, toTimestamp } from '../meta.ts';
import type { Pod } from '../pod.ts';

const DISRUPTION_TARGET = 'DisruptionTarget';

/** https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions */
export function withDisruptionTarget(pod: Pod, reason: string, message: string, now: number): Pod {
  const others = (pod.status.conditions ?? []).filter(({ type }) => type !== DISRUPTION_TARGET);
  const condition: Condition = {
    type: DISRUPTION_TARGET,
    status: 'True',
    reason,
    message,
    lastTransitionTime: toTimestamp(now),
  };
  return { ...pod, status: { ...pod.status, conditions: [...others, condition] } };
}
