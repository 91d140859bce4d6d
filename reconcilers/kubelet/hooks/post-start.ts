/**
 * Where a container is with its postStart hook, and whom it holds up: containers start in order, each after the hook of the one before
 * it, as in Kubernetes. Pure; a part of the kubelet's plan.
 */
import type { Container, Pod } from '../../objects/pod.ts';
import { beforeItsStart, type ContainerVerdict, type StartVerdict } from '../container-verdict.ts';
import type { PodContainer } from '../identity.ts';
import type { HookState, PodObservation } from '../observation.ts';
import { isRunning } from '../pod-records.ts';
import type { PodVerdicts } from '../pod-verdicts.ts';
import { reportedRun } from '../reported-run.ts';

/** Of a container that runs; `done` without a hook, too. */
export function postStartState(
  pod: Pod,
  container: Container,
  run: PodContainer,
  { hooks = {} }: PodObservation,
): HookState | 'due' {
  if (container.lifecycle?.postStart === undefined) return 'done';
  return hooks[run.id] ?? (reportedRun(pod, container, run) === undefined ? 'due' : 'done');
}

/** Those whose turn it is and that wait for no hook; init containers have an order of their own, ephemeral ones none. */
export function startable(pod: Pod, { init, apps, debuggers }: PodVerdicts, observed: PodObservation): StartVerdict[] {
  const held = apps.findIndex((verdict) => holdsUp(pod, verdict, observed));
  const free = held === -1 ? apps : apps.slice(0, held + 1);
  return [...init, ...free, ...debuggers].filter((verdict) => verdict.step === 'start');
}

/** What is backed off, or cannot be had, holds nobody up. */
function holdsUp(pod: Pod, verdict: ContainerVerdict, observed: PodObservation): boolean {
  const { container, records, step } = verdict;
  if (container.lifecycle?.postStart === undefined) return false;
  if (step === 'start' || step === 'pull') return true;
  if (step === 'wait') return verdict.waiting.reason === beforeItsStart(pod).reason;
  const { newest } = records;
  if (newest === undefined || !isRunning(newest)) return false;
  const state = postStartState(pod, container, newest, observed);
  return state === 'due' || state === 'running';
}
