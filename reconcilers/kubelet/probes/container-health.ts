/**
 * What probes and hooks say of a container that runs: whether it has started, is ready, or must not go on. Pure; the status, the verdict
 * and the probes themselves ask. What no probe of this daemon has answered yet is as the stored status has it, so that a restart changes
 * nothing. Source: pkg/kubelet/prober (UpdatePodStatus), pkg/kubelet/kuberuntime (computePodActions).
 */
import type { Container, Pod } from '../../objects/pod.ts';
import type { ContainerVerdict } from '../container-verdict.ts';
import { postStartState } from '../hooks/post-start.ts';
import type { PodContainer } from '../identity.ts';
import type { PodObservation } from '../observation.ts';
import { isRunning } from '../pod-records.ts';
import { reportedRun } from '../reported-run.ts';

export interface ContainerHealth {
  /** Its postStart hook has ended; before that it is not said to run. */
  readonly isUp: boolean;
  readonly started: boolean;
  readonly ready: boolean;
}

export function containerHealth(
  pod: Pod,
  container: Container,
  run: PodContainer,
  observed: PodObservation,
): ContainerHealth {
  const results = observed.probes?.results[run.id];
  const known = reportedRun(pod, container, run);
  const isUp = postStartState(pod, container, run, observed) === 'done';
  const hasStarted = container.startupProbe === undefined || passed(results?.startup, known?.started);
  const started = isUp && hasStarted;
  const isReady = container.readinessProbe === undefined || passed(results?.readiness, known?.ready);
  return { isUp, started, ready: started && isReady };
}

/** Whether those may start that come after it. */
export function hasStarted(
  pod: Pod,
  { container, records: { newest } }: Pick<ContainerVerdict, 'container' | 'records'>,
  observed: PodObservation,
): boolean {
  return newest !== undefined && isRunning(newest) && containerHealth(pod, container, newest, observed).started;
}

export interface RunFailure {
  /** Of the Killing event. */
  readonly message: string;
  /** Absent: the pod's. */
  readonly graceSeconds?: number;
}

/** Why the container must not go on as it is. `restarts`: it will be started anew. */
export function runFailure(
  pod: Pod,
  container: Container,
  run: PodContainer,
  observed: PodObservation,
  restarts: boolean,
): RunFailure | undefined {
  if (postStartState(pod, container, run, observed) === 'failed') return { message: 'FailedPostStartHook' };
  const kind = failedProbe(run, observed);
  if (kind === undefined) return undefined;
  const probe = kind === 'liveness' ? container.livenessProbe : container.startupProbe;
  const graceSeconds = probe?.terminationGracePeriodSeconds;
  return {
    message: `Container ${container.name} failed ${kind} probe${restarts ? ', will be restarted' : ''}`,
    ...(graceSeconds !== undefined && { graceSeconds }),
  };
}

/** Of a run that a probe has ended, or is about to end. */
export function failedProbe({ id }: PodContainer, { probes }: PodObservation): 'liveness' | 'startup' | undefined {
  const results = probes?.results[id];
  if (results?.liveness === 'failure') return 'liveness';
  return results?.startup === 'failure' ? 'startup' : undefined;
}

function passed(result: 'success' | 'failure' | undefined, known: boolean | undefined): boolean {
  return result === undefined ? known === true : result === 'success';
}
