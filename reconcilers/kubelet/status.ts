/**
 * The pod's status as Kubernetes computes it (pkg/kubelet/kubelet_pods.go, pkg/kubelet/status), put together from its parts: phase,
 * conditions, container statuses, addresses. Pure; times already in the stored status are kept while what they date stays the same.
 */
import { isDeepStrictEqual } from 'node:util';
import { toTimestamp } from '../objects/meta.ts';
import { isPodTerminal, type Pod, type PodStatus } from '../objects/pod.ts';
import { qosClass } from '../objects/qos-class.ts';
import { containerStatus } from './container-status.ts';
import type { ContainerVerdict } from './container-verdict.ts';
import type { PodContainer } from './identity.ts';
import type { PodObservation } from './observation.ts';
import { podConditions } from './pod-conditions.ts';
import { phaseOf } from './pod-phase.ts';
import { isRunning } from './pod-records.ts';
import type { PodVerdicts } from './pod-verdicts.ts';

/** How a pod ended that its containers' ends do not say. */
export type PodEnd = Required<Pick<PodStatus, 'phase' | 'reason' | 'message'>>;

export interface StatusQuestion {
  readonly pod: Pod;
  readonly observed: PodObservation;
  readonly verdicts: PodVerdicts;
  readonly sandbox: PodContainer | undefined;
  readonly end?: PodEnd;
}

/** The status to write; undefined where the stored one says it already. */
export function changedStatus(question: StatusQuestion, now: number): PodStatus | undefined {
  const { status } = question.pod;
  const next = podStatus(question, now);
  return isDeepStrictEqual(next, status) ? undefined : next;
}

export function podStatus({ pod, observed, verdicts, sandbox, end }: StatusQuestion, now: number): PodStatus {
  const { init, apps, debuggers, isInitialized } = verdicts;
  const statusesOf = (of: readonly ContainerVerdict[]) =>
    of.map((verdict) => containerStatus(verdict, { pod, sandbox, observed }));
  const statuses = {
    ...(init.length > 0 && { initContainerStatuses: statusesOf(init) }),
    containerStatuses: statusesOf(apps),
    ...(debuggers.length > 0 && { ephemeralContainerStatuses: statusesOf(debuggers) }),
  };
  // No pod comes back from its end.
  const phase = end?.phase ?? (isPodTerminal(pod) ? pod.status.phase : phaseOf(pod, statuses, isInitialized));
  const podIP = pod.spec.hostNetwork ? observed.node.ip : (isRunning(sandbox) && sandbox?.ip) || pod.status.podIP;
  return {
    phase,
    ...(end ?? (phase === pod.status.phase ? why(pod.status) : {})),
    hostIP: observed.node.ip,
    ...(podIP && { podIP, podIPs: [{ ip: podIP }] }),
    startTime: pod.status.startTime ?? toTimestamp(now),
    qosClass: qosClass(pod.spec),
    conditions: podConditions({ pod, phase, statuses, isInitialized, node: observed.node }, now),
    ...statuses,
  };
}

/** It belongs to the phase. */
function why({ reason, message }: PodStatus): Pick<PodStatus, 'reason' | 'message'> {
  return { ...(reason !== undefined && { reason }), ...(message !== undefined && { message }) };
}
