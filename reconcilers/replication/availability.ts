/** When a pod counts as available: ready for at least `minReadySeconds`. The rollout and the status count by it. Pure. */
import { isPodReady, type Pod } from '../objects/pod.ts';

/**
 * Milliseconds until the pod is available, if it stays ready: 0 where it is, undefined where it is not even ready
 * (Kubernetes' IsPodAvailable).
 */
export function availableInMs(pod: Pod, minReadySeconds: number, now: number): number | undefined {
  if (!isPodReady(pod)) return undefined;
  if (minReadySeconds === 0) return 0;
  const since = readySince(pod);
  return since === undefined ? minReadySeconds * 1000 : Math.max(0, since + minReadySeconds * 1000 - now);
}

/** Milliseconds since the epoch; undefined where it is not ready or does not say since when. */
export function readySince(pod: Pod): number | undefined {
  const ready = pod.status.conditions?.find((condition) => condition.type === 'Ready' && condition.status === 'True');
  return ready?.lastTransitionTime === undefined ? undefined : Date.parse(ready.lastTransitionTime);
}
