/**
 * The order in which a pod comes to be: its init containers one after another, each to its success, sidecars among them, of which only
 * the start is waited for; then everything else. What was done in the pod's present network is not done again, whatever became of its
 * records. Pure; a part of the kubelet's plan. Source: pkg/kubelet/kuberuntime (computeInitContainerActions).
 */
import { type ContainerStatus, isSidecar, type Pod } from '../objects/pod.ts';
import { beforeItsStart, type ContainerVerdict, containerVerdict } from './container-verdict.ts';
import type { PodContainer } from './identity.ts';
import type { PodObservation } from './observation.ts';
import { isRunning, type PodRecords, recordsOf } from './pod-records.ts';
import { hasStarted } from './probes/container-health.ts';
import { hasSucceeded, statusOf } from './restart-policy.ts';

export interface InitSequence {
  readonly verdicts: readonly ContainerVerdict[];
  /** The pod's own containers may start, or have. */
  readonly isDone: boolean;
  /** One has failed that is not run again: the pod never gets further. */
  readonly hasFailed: boolean;
}

export function initSequence(pod: Pod, records: PodRecords, observed: PodObservation, now: number): InitSequence {
  const { initContainers = [] } = pod.spec;
  const sandboxAttempt = isRunning(records.sandbox) ? records.sandbox?.attempt : undefined;
  const passed = passedContainers(pod, records);
  let isOpen = true;
  let hasFailed = false;
  const verdicts = initContainers.map((container, i): ContainerVerdict => {
    const role = isSidecar(container) ? 'sidecar' : 'init';
    const own = recordsOf(pod, records, container);
    const isPassed = i < passed;
    if (!isOpen) return { container, role, records: own, step: 'wait', waiting: beforeItsStart(pod) };
    if (isPassed && role === 'init') return { container, role, records: own, step: 'ended' };
    const isUndone = role === 'init' && !hasComeIn(records, own.newest, statusOf(pod, container));
    const verdict = containerVerdict({ pod, container, role, records: own, observed, sandboxAttempt, isUndone }, now);
    const isOver = role === 'init' && verdict.step === 'ended';
    hasFailed ||= isOver && !hasSucceeded(own.newest, statusOf(pod, container));
    isOpen = isPassed || (role === 'sidecar' ? hasStarted(pod, verdict, observed) : isOver && !hasFailed);
    return verdict;
  });
  return { verdicts, isDone: isOpen, hasFailed };
}

/** Whether the pod's containers have started in the network it has now: of its init containers only sidecars are of interest then. */
export function isInitialized(pod: Pod, records: PodRecords): boolean {
  const { initContainers = [] } = pod.spec;
  return passedContainers(pod, records) === initContainers.length;
}

/** How many of the init containers are behind the pod: all before the last of which something came to be in its present network. */
function passedContainers(pod: Pod, records: PodRecords): number {
  const { initContainers = [], containers } = pod.spec;
  const came = ({ name }: { readonly name: string }) =>
    hasComeIn(records, records.of(name).newest, statusOf(pod, { name }));
  return containers.some(came) ? initContainers.length : Math.max(0, initContainers.findLastIndex(came));
}

/**
 * Whether it came to be in the pod's present network: its record shows it, or where that was removed, its stored status, whose times are
 * whole seconds.
 */
function hasComeIn(
  { sandbox }: PodRecords,
  newest: PodContainer | undefined,
  known: ContainerStatus | undefined,
): boolean {
  if (sandbox === undefined || !isRunning(sandbox)) return false;
  if (newest?.sandboxAttempt === sandbox.attempt) return true;
  if (known === undefined || known.containerID === `docker://${newest?.id}`) return false;
  const { running, terminated } = known.state;
  const startedAt = (running ?? terminated ?? known.lastState.terminated)?.startedAt ?? '';
  return Date.parse(startedAt) >= Math.floor(sandbox.createdAt / 1000) * 1000;
}
