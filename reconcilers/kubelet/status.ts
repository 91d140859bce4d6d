/**
 * The pod's status as Kubernetes computes it (pkg/kubelet/kubelet_pods.go, pkg/kubelet/status): phase, conditions, container
 * statuses, addresses. Pure; times already in the stored status are kept while what they date stays the same.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Condition, toTimestamp } from '../objects/meta.ts';
import {
  allContainerStatuses,
  allContainers,
  type ContainerState,
  type ContainerStatus,
  NODE_NOT_READY,
  type Pod,
  type PodPhase,
  type PodStatus,
} from '../objects/pod.ts';
import { qosClass } from '../objects/qos-class.ts';
import type { StatusEvent } from './actions.ts';
import { type ContainerVerdict, statusOf, succeeded, type Waiting } from './container-verdict.ts';
import type { PodContainer } from './identity.ts';
import type { NodeFacts, PodObservation } from './observation.ts';
import { endedAt, hasEnded, isRunning } from './pod-records.ts';
import { containerHealth } from './probes/container-health.ts';
import { readinessGates } from './readiness-gates.ts';

const CREATING: Waiting = { reason: 'ContainerCreating' };

export interface StatusQuestion {
  readonly pod: Pod;
  readonly observed: PodObservation;
  readonly verdicts: readonly ContainerVerdict[];
  /** Of the ephemeral containers. */
  readonly debuggers: readonly ContainerVerdict[];
  readonly sandbox: PodContainer | undefined;
}

/** The status to write; undefined where the stored one says it already. */
export function changedStatus(question: StatusQuestion, now: number): PodStatus | undefined {
  const { status } = question.pod;
  const next = podStatus(question, now);
  return isDeepStrictEqual(next, status) ? undefined : next;
}

function podStatus({ pod, observed, verdicts, debuggers, sandbox }: StatusQuestion, now: number): PodStatus {
  const containerStatuses = verdicts.map((verdict) => containerStatus(pod, verdict, sandbox, observed));
  const phase = phaseOf(pod, containerStatuses);
  const podIP = pod.spec.hostNetwork ? observed.node.ip : (isRunning(sandbox) && sandbox?.ip) || pod.status.podIP;
  return {
    phase,
    hostIP: observed.node.ip,
    ...(podIP && { podIP, podIPs: [{ ip: podIP }] }),
    startTime: pod.status.startTime ?? toTimestamp(now),
    qosClass: qosClass(pod.spec),
    conditions: conditions({ pod, phase, containerStatuses, node: observed.node }, now),
    containerStatuses,
    ...(debuggers.length > 0 && {
      ephemeralContainerStatuses: debuggers.map((verdict) => ephemeralStatus(pod, verdict, sandbox, observed)),
    }),
  };
}

/** Nothing asks an ephemeral container whether it is ready. */
function ephemeralStatus(
  pod: Pod,
  verdict: ContainerVerdict,
  sandbox: PodContainer | undefined,
  observed: PodObservation,
): ContainerStatus {
  return { ...containerStatus(pod, verdict, sandbox, observed), ready: false, started: false };
}

function containerStatus(
  pod: Pod,
  verdict: ContainerVerdict,
  sandbox: PodContainer | undefined,
  observed: PodObservation,
): ContainerStatus {
  const { container, records } = verdict;
  const { newest, previous } = records;
  const known = statusOf(pod, container);
  if (newest === undefined && verdict.step === 'ended' && known !== undefined) return lastSeen(known);

  const running = isRunning(newest);
  const health = newest !== undefined && running ? containerHealth(pod, container, newest, observed) : undefined;
  const state: ContainerState =
    newest !== undefined && health?.isUp
      ? { running: { startedAt: toTimestamp(newest.startedAt ?? newest.createdAt) } }
      : verdict.step === 'ended' && newest !== undefined
        ? terminated(newest)
        : { waiting: verdict.step === 'wait' ? verdict.waiting : CREATING };
  const last = !running && verdict.step !== 'ended' && newest !== undefined && hasEnded(newest) ? newest : previous;
  // A container that was only created is not one the pod has had.
  const had = newest !== undefined && newest.state === 'created' && !hasEnded(newest) ? previous : newest;
  return {
    name: container.name,
    image: newest?.image ?? container.image,
    imageID: imageID(newest) ?? known?.imageID ?? '',
    ...(had !== undefined
      ? { containerID: `docker://${had.id}` }
      : known?.containerID && { containerID: known.containerID }),
    // Without the pause container nobody can reach it.
    ready: health?.ready === true && isRunning(sandbox) && sandbox?.attempt === newest?.sandboxAttempt,
    started: health?.started === true,
    restartCount: Math.max(had?.attempt ?? 0, known?.restartCount ?? 0),
    state,
    lastState: last === undefined ? (known?.lastState ?? {}) : terminated(last),
  };
}

/** Of a container that is gone without a trace, and that its pod does not start again. */
function lastSeen(known: ContainerStatus): ContainerStatus {
  if (known.state.terminated !== undefined) return known;
  const startedAt = known.state.running?.startedAt ?? '';
  return {
    ...known,
    ready: false,
    started: false,
    state: {
      terminated: {
        exitCode: 137,
        reason: 'ContainerStatusUnknown',
        message: 'The container could not be located when the pod was looked at. The container used to be Running',
        startedAt,
        finishedAt: startedAt,
        containerID: known.containerID ?? '',
      },
    },
  };
}

function terminated(ended: PodContainer): ContainerState {
  const failedToStart = ended.state === 'created';
  const reason = failedToStart
    ? 'ContainerCannotRun'
    : ended.oomKilled
      ? 'OOMKilled'
      : succeeded(ended)
        ? 'Completed'
        : 'Error';
  return {
    terminated: {
      exitCode: ended.exitCode ?? 128,
      reason,
      ...(ended.error && { message: ended.error }),
      startedAt: toTimestamp(ended.startedAt ?? ended.createdAt),
      finishedAt: toTimestamp(endedAt(ended)),
      containerID: `docker://${ended.id}`,
    },
  };
}

function imageID(container: PodContainer | undefined): string | undefined {
  return container === undefined || container.imageId === '' ? undefined : `docker://${container.imageId}`;
}

/** Kubernetes' getPhase. */
function phaseOf(pod: Pod, statuses: readonly ContainerStatus[]): PodPhase {
  const { restartPolicy } = pod.spec;
  const running = statuses.filter(({ state }) => state.running).length;
  const ended = statuses.flatMap(
    ({ state, lastState }) => state.terminated ?? (state.running ? [] : (lastState.terminated ?? [])),
  );
  if (running + ended.length < statuses.length) return 'Pending';
  if (running > 0) return 'Running';
  const willRestart = statuses.some(({ state }) => state.waiting !== undefined);
  if (restartPolicy === 'Always' || willRestart) return 'Running';
  return ended.every(({ exitCode }) => exitCode === 0) ? 'Succeeded' : 'Failed';
}

interface ConditionFacts {
  readonly pod: Pod;
  readonly phase: PodPhase;
  readonly containerStatuses: readonly ContainerStatus[];
  readonly node: NodeFacts;
}

function conditions({ pod, phase, containerStatuses, node }: ConditionFacts, now: number): Condition[] {
  const stored = pod.status.conditions ?? [];
  const unready = containerStatuses.filter(({ ready }) => !ready).map(({ name }) => name);
  const ready: Omit<Condition, 'type'> =
    phase === 'Succeeded'
      ? { status: 'False', reason: 'PodCompleted' }
      : unready.length > 0
        ? {
            status: 'False',
            reason: 'ContainersNotReady',
            message: `containers with unready status: [${unready.join(' ')}]`,
          }
        : { status: 'True' };
  const gated = ready.status === 'True' ? readinessGates(pod) : ready;
  const own: Condition[] = [
    phase === 'Succeeded'
      ? { type: 'Initialized', status: 'True', reason: 'PodCompleted' }
      : { type: 'Initialized', status: 'True' },
    { type: 'Ready', ...(gated.status === 'True' && node.isUnknown ? (nodeNotReady(stored) ?? gated) : gated) },
    { type: 'ContainersReady', ...ready },
  ];
  const types = new Set(own.map(({ type }) => type));
  const others = stored.filter(({ type }) => !types.has(type));
  if (!others.some(({ type }) => type === 'PodScheduled')) own.push({ type: 'PodScheduled', status: 'True' });
  return [...own.map((condition) => dated(condition, stored, now)), ...others];
}

/** While its node is not heard the master's word stands: said against it, it would be said again at once. */
function nodeNotReady(stored: readonly Condition[]): Omit<Condition, 'type'> | undefined {
  return stored.find(({ type, reason }) => type === 'Ready' && reason === NODE_NOT_READY);
}

function dated(condition: Condition, stored: readonly Condition[], now: number): Condition {
  const before = stored.find(({ type }) => type === condition.type);
  const lastTransitionTime =
    before?.status === condition.status && before.lastTransitionTime !== undefined
      ? before.lastTransitionTime
      : toTimestamp(now);
  return { ...condition, lastTransitionTime };
}

/**
 * What a change of status is announced with: a container that begins to wait for another reason. Creations and starts that fail
 * are announced as they do.
 */
export function statusEvents(pod: Pod, next: PodStatus): StatusEvent[] {
  return allContainerStatuses({ ...pod, status: next }).flatMap((status) => {
    const waiting = status.state.waiting;
    const before = allContainerStatuses(pod).find(({ name }) => name === status.name)?.state.waiting;
    const image = allContainers(pod.spec).find(({ name }) => name === status.name)?.image ?? status.image;
    return waiting === undefined || waiting.reason === before?.reason ? [] : waitingEvents(waiting, image);
  });
}

function waitingEvents({ reason, message = '' }: Waiting, image: string): StatusEvent[] {
  const warning = (eventReason: string, text: string): StatusEvent => ({
    type: 'Warning',
    reason: eventReason,
    message: text,
  });
  switch (reason) {
    case 'CrashLoopBackOff':
      return [warning('BackOff', 'Back-off restarting failed container')];
    case 'ErrImagePull':
      return [
        warning('Failed', `Failed to pull image "${image}": ${message}`),
        warning('Failed', 'Error: ErrImagePull'),
      ];
    case 'ImagePullBackOff':
      return [{ type: 'Normal', reason: 'BackOff', message }, warning('Failed', 'Error: ImagePullBackOff')];
    case 'ErrImageNeverPull':
      return [warning('ErrImageNeverPull', message), warning('Failed', 'Error: ErrImageNeverPull')];
    case 'InvalidImageName':
      return [warning('InspectFailed', message), warning('Failed', 'Error: InvalidImageName')];
    case 'CreateContainerConfigError':
      return [warning('Failed', `Error: ${message}`)];
    default:
      return [];
  }
}
