/**
 * What is to be done about an ephemeral container: started once, beside a pause container that runs, and never again. Pure; a part of
 * the kubelet's plan, and otherwise the same as for any container of a pod that restarts nothing.
 */
import type { EphemeralContainer } from '../objects/pod.ts';
import { type ContainerQuestion, type ContainerVerdict, containerVerdict } from './container-verdict.ts';
import type { PodContainer } from './identity.ts';
import { isRunning } from './pod-records.ts';

export interface EphemeralQuestion extends ContainerQuestion {
  readonly container: EphemeralContainer;
  /** The newest container of the name it wants to see the processes of. */
  readonly target: PodContainer | undefined;
}

export function ephemeralVerdict(question: EphemeralQuestion, now: number): ContainerVerdict {
  const { container, records, target, pod, sandboxAttempt } = question;
  const once = { ...pod, spec: { ...pod.spec, restartPolicy: 'Never' as const } };
  const verdict = containerVerdict({ ...question, pod: once }, now);
  if (verdict.step !== 'start') return verdict;
  if (sandboxAttempt === undefined)
    return { container, records, step: 'wait', waiting: { reason: 'ContainerCreating' } };
  if (container.targetContainerName && !isRunning(target)) {
    const message = `unable to find target container "${container.targetContainerName}"`;
    return { container, records, step: 'wait', waiting: { reason: 'CreateContainerError', message } };
  }
  return verdict;
}
