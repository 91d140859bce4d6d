/**
 * The plan for a pod that has ended for good, by itself, because its time was up, or because this node does not take it in: what still runs of it stops, its containers stay for
 * their logs, its network and its volumes do not. Pure; called by plan.ts, and by plan-running.ts for the time that is up.
 */
import type { Plan } from '../kit/reconciler.ts';
import type { Pod } from '../objects/pod.ts';
import type { KubeletAction } from './actions.ts';
import { ending, removal, removeVolumes } from './ending.ts';
import { SANDBOX } from './identity.ts';
import type { PodObservation } from './observation.ts';
import { type Rejection, rejectedAt } from './pod-admission.ts';
import { garbage, isRunningApp, type PodRecords } from './pod-records.ts';
import { verdictsOfEndedPod } from './pod-verdicts.ts';
import { statusUpdate } from './status-update.ts';

export function planEnded(pod: Pod, records: PodRecords, observed: PodObservation, now: number): Plan<KubeletAction> {
  const because = `the pod has ended: ${pod.status.phase}`;
  const verdicts = verdictsOfEndedPod(pod, records);
  const report = statusUpdate({ pod, observed, verdicts, sandbox: records.sandbox }, now);
  const running = records.all.filter(isRunningApp);
  if (running.length > 0) return { actions: [...ending(running, observed, now), ...report], because };
  const unused = garbage(records);
  const left = records.all.filter((each) => each.container === SANDBOX || unused.includes(each));
  const volumes = (observed.volumes?.held ?? []).filter((uid) => uid === pod.metadata.uid);
  return { actions: [...report, ...removal(left), ...removeVolumes(volumes)], because };
}

/** When the pod has been active for as long as it may; undefined where nothing says so. */
export function deadlineOf({ spec, status }: Pod): number | undefined {
  if (spec.activeDeadlineSeconds === undefined || status.startTime === undefined) return undefined;
  return Date.parse(status.startTime) + spec.activeDeadlineSeconds * 1000;
}

/** This node does not take it in: it has failed before anything of it was made. */
export function planRejection(
  pod: Pod,
  records: PodRecords,
  observed: PodObservation,
  { reason, message }: Rejection,
  now: number,
): Plan<KubeletAction> {
  const waitMs = rejectedAt(pod, observed.turnedAway ?? 0) - now;
  if (waitMs > 0) {
    const because = `like ${observed.turnedAway} pods of its controller before it, it will be turned away: ${message}`;
    return { actions: [], because, checkAgainAfterMs: waitMs };
  }
  const end = { phase: 'Failed', reason, message: `Pod was rejected: ${message}` } as const;
  const verdicts = verdictsOfEndedPod(pod, records);
  const event = { type: 'Warning', reason, message } as const;
  return {
    actions: statusUpdate({ pod, observed, verdicts, sandbox: records.sandbox, end }, now, [event]),
    because: `this node does not take it in: ${message}`,
  };
}

/** It takes more of this node than it may. */
export function planEviction(
  pod: Pod,
  records: PodRecords,
  observed: PodObservation,
  message: string,
  now: number,
): Plan<KubeletAction> {
  const end = { phase: 'Failed', reason: 'Evicted', message } as const;
  const verdicts = verdictsOfEndedPod(pod, records);
  const event = { type: 'Warning', reason: 'Evicted', message } as const;
  return {
    actions: statusUpdate({ pod, observed, verdicts, sandbox: records.sandbox, end }, now, [event]),
    because: `it is evicted: ${message}`,
  };
}

/** It has failed from then on; what runs of it is stopped next. */
export function planDeadline(
  pod: Pod,
  records: PodRecords,
  observed: PodObservation,
  now: number,
): Plan<KubeletAction> {
  const reason = 'DeadlineExceeded';
  const message = 'Pod was active on the node longer than the specified deadline';
  const end = { phase: 'Failed', reason, message } as const;
  const verdicts = verdictsOfEndedPod(pod, records);
  const event = { type: 'Normal', reason, message } as const;
  return {
    actions: statusUpdate({ pod, observed, verdicts, sandbox: records.sandbox, end }, now, [event]),
    because: `it has run for the ${pod.spec.activeDeadlineSeconds} s that it may`,
  };
}
