/** The Ready condition of a pod whose containers are ready: others may have to agree. Pure. Source: pkg/kubelet/status/generate.go */
import type { Condition } from '../objects/meta.ts';
import type { Pod } from '../objects/pod.ts';

export function readinessGates({ spec, status }: Pod): Omit<Condition, 'type'> {
  const closed = (spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = status.conditions?.find(({ type }) => type === conditionType);
    if (condition === undefined) {
      return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    }
    if (condition.status === 'True') return [];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`];
  });
  if (closed.length === 0) return { status: 'True' };
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: closed.join(', ') };
}
