/**
 * What is to be done about one container of a pod that shall run, and what its status says meanwhile: the heart of the kubelet's
 * plan. Pure: restart policy, crash back-off, image policy, changed specs, each from records and facts.
 */
import { keyOf } from '../objects/meta.ts';
import type { Container, Pod } from '../objects/pod.ts';
import { specHash } from './container-spec.ts';
import { isSameSpec, type PodContainer } from './identity.ts';
import { type ImageVerdict, imageVerdict, SHOW_ERROR_MS } from './images/image-policy.ts';
import type { CreationFailure, PodObservation } from './observation.ts';
import { type ContainerRecords, crashesAfter, endedAt, hasEnded, isRunning } from './pod-records.ts';
import { failedProbe, runFailure } from './probes/container-health.ts';
import { configProblem } from './resources.ts';
import { formatSeconds, RECOVERED_AFTER_MS, restartDelayMs, retryDelayMs } from './restart-delay.ts';
import {
  type ContainerRole,
  endedUnseen,
  hasSucceeded,
  mayRestart,
  restartPolicyOf,
  statusOf,
} from './restart-policy.ts';
import { nonRootProblem } from './security.ts';

export interface Waiting {
  readonly reason: string;
  readonly message?: string;
}

export type ContainerVerdict = {
  readonly container: Container;
  readonly role: ContainerRole;
  readonly records: ContainerRecords;
  /** Look again then. */
  readonly changesAt?: number;
} & (
  | { readonly step: 'keep' }
  /** It has ended and is not restarted. */
  | { readonly step: 'ended' }
  /** `graceSeconds` absent: the pod's. */
  | { readonly step: 'stop'; readonly message: string; readonly graceSeconds?: number }
  | { readonly step: 'pull'; readonly onFailure: 'back-off' | 'use-local' }
  | { readonly step: 'start'; readonly attempt: number; readonly crashes: number; readonly pulled: boolean }
  | { readonly step: 'wait'; readonly waiting: Waiting }
);

export type StartVerdict = Extract<ContainerVerdict, { readonly step: 'start' }>;

export interface ContainerQuestion {
  readonly pod: Pod;
  readonly container: Container;
  readonly role: ContainerRole;
  readonly records: ContainerRecords;
  readonly observed: PodObservation;
  /** The attempt of the pause container that runs; undefined while none does. */
  readonly sandboxAttempt: number | undefined;
  /** What it has done went with an earlier pause container, so that its success is none any more. */
  readonly isUndone?: boolean;
}

type Outcome = ContainerVerdict extends infer V
  ? V extends ContainerVerdict
    ? Omit<V, 'container' | 'role' | 'records'>
    : never
  : never;

export function containerVerdict(question: ContainerQuestion, now: number): ContainerVerdict {
  const { container, role, records } = question;
  const { newest } = records;
  const outcome =
    newest !== undefined && isRunning(newest) ? runningOutcome(question, newest, now) : stoppedOutcome(question, now);
  return { container, role, records, ...outcome } as ContainerVerdict;
}

function runningOutcome(question: ContainerQuestion, running: PodContainer, now: number): Outcome {
  const { pod, container, role, sandboxAttempt } = question;
  if (running.sandboxAttempt !== sandboxAttempt)
    return { step: 'stop', message: `Stopping container ${container.name}` };
  const restarts = restartPolicyOf(pod, role) !== 'Never';
  const failure = runFailure(pod, container, running, question.observed, restarts);
  if (failure !== undefined) return { step: 'stop', ...failure };
  // What never restarts cannot be given a new image: stopping it would end the pod. What comes to its end by itself need not.
  const isLeft = role === 'init' || !restarts;
  if (isLeft || isSameSpec(running.specHash, specHash(pod, container))) return { step: 'keep' };
  const image = askForImage(question, undefined, now);
  if (image.kind === 'ready') {
    return { step: 'stop', message: `Container ${container.name} definition changed, will be restarted` };
  }
  if (image.kind === 'pull') return { step: 'pull', onFailure: image.onFailure };
  return { step: 'keep', ...(image.kind === 'unavailable' && changing(image)) };
}

function stoppedOutcome(question: ContainerQuestion, now: number): Outcome {
  const { pod, container, role, records, observed, sandboxAttempt, isUndone = false } = question;
  const { newest } = records;
  const failure = observed.failures[container.name];
  const ended = endOf(newest, failure);
  const isChanged = newest !== undefined && !isSameSpec(newest.specHash, specHash(pod, container));
  const isStale = newest !== undefined && newest.sandboxAttempt !== sandboxAttempt;
  const policy = restartPolicyOf(pod, role);
  const known = statusOf(pod, container);
  const isOver =
    ended === undefined
      ? endedUnseen(policy, known)
      : !mayRestart(policy, ended, failedProbe(ended, observed) !== undefined);
  if (isOver && !(isUndone && hasSucceeded(ended, known))) return { step: 'ended' };

  const turn = nextTurn(question, ended, { isChanged, isStale });
  if (ended !== undefined && !isChanged && !isStale) {
    const dueAt = endedAt(ended) + restartDelayMs(turn.crashes);
    if (now < dueAt) return crashLoop(question, failure, ended, turn.crashes, dueAt, now);
  }

  const problem = configProblem(container);
  if (problem !== undefined)
    return { step: 'wait', waiting: { reason: 'CreateContainerConfigError', message: problem } };
  // What a changed container needs was pulled before the old one was stopped.
  const image = askForImage(question, ended === undefined || isChanged ? undefined : endedAt(ended), now);
  if (image.kind === 'pull') return { step: 'pull', onFailure: image.onFailure };
  if (image.kind === 'pulling') return { step: 'wait', waiting: whilePulling(pod, container) };
  if (image.kind === 'unavailable') {
    return { step: 'wait', waiting: { reason: image.reason, message: image.message }, ...changing(image) };
  }
  const root = nonRootProblem(pod, container, observed.imageUsers?.[container.image]);
  if (root !== undefined) return { step: 'wait', waiting: { reason: 'CreateContainerConfigError', message: root } };
  const missing = observed.configProblems?.[container.name];
  if (missing !== undefined)
    return { step: 'wait', waiting: { reason: 'CreateContainerConfigError', message: missing } };
  if (failure?.reason === 'CreateContainerError' || failure?.reason === 'CreateContainerConfigError') {
    const retryAt = failure.at + retryDelayMs(failure.count);
    if (now < retryAt) {
      return { step: 'wait', waiting: { reason: failure.reason, message: failure.message }, changesAt: retryAt };
    }
  }
  return { step: 'start', ...turn, pulled: image.pulled };
}

/** The record that ended, if any: Docker does not say of every failed start that it failed. */
function endOf(newest: PodContainer | undefined, failure: CreationFailure | undefined): PodContainer | undefined {
  if (newest === undefined || hasEnded(newest)) return newest;
  const startFailed = failure?.reason === 'RunContainerError' && failure.attempt === newest.attempt;
  return startFailed ? { ...newest, error: failure.message } : undefined;
}

function nextTurn(
  { pod, container, records }: ContainerQuestion,
  ended: PodContainer | undefined,
  { isChanged, isStale }: { isChanged: boolean; isStale: boolean },
): { attempt: number; crashes: number } {
  const { newest, nextAttempt } = records;
  if (newest === undefined) {
    const known = statusOf(pod, container);
    return { attempt: known?.containerID === undefined ? 0 : known.restartCount + 1, crashes: 0 };
  }
  // Created and never started, by a daemon that ended just then: it is taken as it is, unless it can no longer serve.
  if (ended === undefined && !isChanged && !isStale) return { attempt: newest.attempt, crashes: newest.crashes };
  // Neither the old spec's crashes nor an end that came with the pause container's count.
  const counted = isStale || ended === undefined ? newest.crashes : crashesAfter(ended, RECOVERED_AFTER_MS);
  return { attempt: nextAttempt, crashes: isChanged ? 0 : counted };
}

function crashLoop(
  { pod, container }: ContainerQuestion,
  failure: CreationFailure | undefined,
  ended: PodContainer,
  crashes: number,
  dueAt: number,
  now: number,
): Outcome {
  const flipAt = endedAt(ended) + SHOW_ERROR_MS;
  if (ended.state === 'created' && now < flipAt) {
    const message = failure?.message ?? ended.error ?? '';
    return { step: 'wait', waiting: { reason: 'RunContainerError', message }, changesAt: flipAt };
  }
  const { namespace, name } = keyOf(pod);
  const delay = formatSeconds(restartDelayMs(crashes));
  const message = `back-off ${delay} restarting failed container=${container.name} pod=${name}_${namespace}(${pod.metadata.uid})`;
  return { step: 'wait', waiting: { reason: 'CrashLoopBackOff', message }, changesAt: dueAt };
}

function askForImage(
  { container, observed }: ContainerQuestion,
  previousEndedAt: number | undefined,
  now: number,
): ImageVerdict {
  const present = observed.images[container.image] !== undefined;
  const pulls = observed.pulls[container.image];
  return imageVerdict({ container, present, pulls, secrets: observed.pullSecrets, previousEndedAt }, now);
}

/** A pull that is tried again keeps the reason it is known for. */
function whilePulling(pod: Pod, container: Container): Waiting {
  const known = statusOf(pod, container)?.state.waiting;
  return known?.reason === 'ErrImagePull' || known?.reason === 'ImagePullBackOff' ? known : beforeItsStart(pod);
}

/** What a container waits for of which nothing else can be said. */
export function beforeItsStart({ spec }: Pod): Waiting {
  return { reason: (spec.initContainers ?? []).length > 0 ? 'PodInitializing' : 'ContainerCreating' };
}

function changing({ changesAt }: { changesAt?: number }): { changesAt?: number } {
  return changesAt === undefined ? {} : { changesAt };
}
