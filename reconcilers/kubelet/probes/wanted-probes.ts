/**
 * Which probes of a pod are to run now, and which hooks are due: a pure part of the kubelet's plan. A startup probe holds back the others;
 * a container that is being stopped is no longer asked whether it lives.
 */
import { type Container, isPodTerminal, lastingContainers, type Pod } from '../../objects/pod.ts';
import type { Probe } from '../../objects/probe.ts';
import type { KubeletAction, RunPostStart } from '../actions.ts';
import { podIdentity } from '../container-spec.ts';
import { addressOf, handlerOf } from '../handlers/handler.ts';
import { postStartState } from '../hooks/post-start.ts';
import type { PodContainer } from '../identity.ts';
import type { PodObservation } from '../observation.ts';
import { isRunning, podRecords } from '../pod-records.ts';
import { containerHealth, failedProbe } from './container-health.ts';
import { type ProbeKind, type ProbeTask, taskKey } from './probe-task.ts';

interface Run {
  readonly container: Container;
  readonly run: PodContainer;
}

/** Starts and ends probes so that the wanted ones run, and begins hooks; nothing where all is as it should be. */
export function attention(
  pod: Pod | undefined,
  own: readonly PodContainer[],
  observed: PodObservation,
): KubeletAction[] {
  const runs = pod === undefined ? [] : attendedRuns(pod, own);
  const hooks = pod === undefined ? [] : runs.flatMap((each) => dueHook(pod, each, observed));
  const tasks = pod === undefined ? [] : runs.flatMap((each) => wantedProbes(pod, each, observed));
  const known = observed.probes?.running ?? [];
  const wanted = tasks.map(taskKey);
  const isLeft = tasks.length === 0 && own.length === 0 && observed.probes !== undefined;
  if (!isLeft && wanted.length === known.length && wanted.every((key) => known.includes(key))) return hooks;
  const containers = own.map(({ id }) => id);
  return [...hooks, { kind: 'set-probes', pod: { ...observed.key, uid: pod?.metadata.uid ?? '' }, tasks, containers }];
}

/** Those that are not on their way out. */
function attendedRuns(pod: Pod, own: readonly PodContainer[]): Run[] {
  if (pod.metadata.deletionTimestamp !== undefined || isPodTerminal(pod)) return [];
  const records = podRecords(own);
  return lastingContainers(pod.spec).flatMap((container) => {
    const { newest: run } = records.of(container.name);
    const isReachable = isRunning(records.sandbox) && run?.sandboxAttempt === records.sandbox?.attempt;
    return run !== undefined && isRunning(run) && isReachable ? [{ container, run }] : [];
  });
}

function dueHook(pod: Pod, { container, run }: Run, observed: PodObservation): RunPostStart[] {
  const hook = container.lifecycle?.postStart;
  const isStopping = observed.stopping[run.id] !== undefined;
  if (hook === undefined || isStopping || postStartState(pod, container, run, observed) !== 'due') return [];
  const handler = handlerOf(hook, container, addressOf(run, observed));
  return [{ kind: 'run-post-start', pod: podIdentity(pod), container: container.name, id: run.id, handler }];
}

function wantedProbes(pod: Pod, { container, run }: Run, observed: PodObservation): ProbeTask[] {
  const { isUp, started, ready } = containerHealth(pod, container, run, observed);
  if (!isUp) return [];
  const isDoomed = failedProbe(run, observed) !== undefined || observed.stopping[run.id] !== undefined;
  const task = (kind: ProbeKind, probe: Probe | undefined, isAwaited = false): ProbeTask[] =>
    probe === undefined ? [] : [probeTask(kind, probe, { container, run }, observed, isAwaited)];
  if (!started) return isDoomed ? [] : task('startup', container.startupProbe, true);
  return [
    ...task('readiness', container.readinessProbe, !ready),
    ...(isDoomed ? [] : task('liveness', container.livenessProbe)),
  ];
}

function probeTask(
  kind: ProbeKind,
  probe: Probe,
  { container, run }: Run,
  observed: PodObservation,
  isAwaited: boolean,
): ProbeTask {
  const { initialDelaySeconds = 0, timeoutSeconds, periodSeconds, successThreshold, failureThreshold } = probe;
  return {
    kind,
    id: run.id,
    startedAt: run.startedAt ?? run.createdAt,
    handler: handlerOf(probe, container, addressOf(run, observed)),
    isAwaited,
    initialDelaySeconds,
    timeoutSeconds,
    periodSeconds,
    successThreshold,
    failureThreshold,
  };
}
