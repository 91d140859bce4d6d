/**
 * What is to be done about all of a pod's containers together: init containers in order, then those of the pod, ephemeral ones beside;
 * and when the pod's own have all ended for good, or can never start, the end of what is left. Pure; a part of the kubelet's plan.
 */
import { type Container, isSidecar, type Pod } from '../objects/pod.ts';
import { beforeItsStart, type ContainerVerdict, containerVerdict } from './container-verdict.ts';
import { ephemeralVerdict } from './ephemeral-verdict.ts';
import { initSequence } from './init-sequence.ts';
import type { PodObservation } from './observation.ts';
import { isRunning, type PodRecords, recordsOf } from './pod-records.ts';
import type { ContainerRole } from './restart-policy.ts';

export interface PodVerdicts {
  /** In order, sidecars among them. */
  readonly init: readonly ContainerVerdict[];
  readonly apps: readonly ContainerVerdict[];
  /** Of the ephemeral containers, which decide nothing about the pod. */
  readonly debuggers: readonly ContainerVerdict[];
  readonly isInitialized: boolean;
  /** Nothing of the pod shall run any more, but for ephemeral containers. */
  readonly isOver: boolean;
}

export function podVerdicts(pod: Pod, records: PodRecords, observed: PodObservation, now: number): PodVerdicts {
  const sandboxAttempt = isRunning(records.sandbox) ? records.sandbox?.attempt : undefined;
  const { verdicts: init, isDone, hasFailed } = initSequence(pod, records, observed, now);
  const apps = pod.spec.containers.map((container) => {
    const own = recordsOf(pod, records, container);
    const verdict = containerVerdict({ pod, container, role: 'app', records: own, observed, sandboxAttempt }, now);
    return isDone ? verdict : heldBack(pod, verdict);
  });
  const debuggers = (pod.spec.ephemeralContainers ?? []).map((container) => {
    const target = records.of(container.targetContainerName ?? '').newest;
    const own = recordsOf(pod, records, container);
    const question = { pod, container, role: 'ephemeral', records: own, observed, sandboxAttempt, target } as const;
    return ephemeralVerdict(question, now);
  });
  if (!hasFailed && apps.some(({ step }) => step !== 'ended')) {
    return { init, apps, debuggers, isInitialized: isDone, isOver: false };
  }
  return { init: init.map(ofEndedPod), apps, debuggers, isInitialized: !hasFailed, isOver: true };
}

/** Of a pod that has ended whatever its containers do: what runs is stopped, nothing is started. */
export function verdictsOfEndedPod(pod: Pod, records: PodRecords): PodVerdicts {
  const ended = (container: Container, role: ContainerRole) =>
    ofEndedPod({ container, role, records: recordsOf(pod, records, container), step: 'ended' });
  const { initContainers = [], containers, ephemeralContainers = [] } = pod.spec;
  return {
    init: initContainers.map((container) => ended(container, isSidecar(container) ? 'sidecar' : 'init')),
    apps: containers.map((container) => ended(container, 'app')),
    debuggers: ephemeralContainers.map((container) => ended(container, 'ephemeral')),
    isInitialized: initContainers.length === 0 || wasInitialized(pod),
    isOver: true,
  };
}

function wasInitialized({ status }: Pod): boolean {
  return (status.conditions ?? []).some((each) => each.type === 'Initialized' && each.status === 'True');
}

export function allVerdicts({ init, apps, debuggers }: PodVerdicts): ContainerVerdict[] {
  return [...init, ...apps, ...debuggers];
}

function ofEndedPod({ container, role, records }: ContainerVerdict): ContainerVerdict {
  return isRunning(records.newest)
    ? { container, role, records, step: 'stop', message: `Stopping container ${container.name}` }
    : { container, role, records, step: 'ended' };
}

/** Its turn has not come: it may end, or be ended, and no more. */
function heldBack(pod: Pod, verdict: ContainerVerdict): ContainerVerdict {
  if (verdict.step === 'ended' || verdict.step === 'stop' || verdict.step === 'keep') return verdict;
  const { container, role, records } = verdict;
  return { container, role, records, step: 'wait', waiting: beforeItsStart(pod) };
}
