/**
 * What is to be done about an ephemeral container: started once, beside a pause container that runs, and never again. Pure; a part of
 * the kubelet's plan, and otherwise the same as for any container of a pod that restarts nothing.
 */
import type { EphemeralContainer } from '../objects/pod.ts';
import {
  beforeItsStart,
  type ContainerQuestion,
  type ContainerVerdict,
  containerVerdict,
} from './container-verdict.ts';
import type { PodContainer } from './identity.ts';
import { isRunning } from './pod-records.ts';

export interface EphemeralQuestion extends ContainerQuestion {
  readonly container: EphemeralContainer;
  /** The newest container of the name it wants to see the processes of. */
  readonly target: PodContainer | undefined;
}

export function ephemeralVerdict(question: EphemeralQuestion, now: number): ContainerVerdict {
  const { container, role, records, target, pod, sandboxAttempt } = question;
  const verdict = containerVerdict(question, now);
  if (verdict.step !== 'start') return verdict;
  if (sandboxAttempt === undefined) return { container, role, records, step: 'wait', waiting: beforeItsStart(pod) };
  if (container.targetContainerName && !isRunning(target)) {
    const message = `unable to find target container "${container.targetContainerName}"`;
    return { container, role, records, step: 'wait', waiting: { reason: 'CreateContainerError', message } };
  }
  return verdict;
}
