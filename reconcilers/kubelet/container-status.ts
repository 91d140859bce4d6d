/**
 * One container's status, from the verdict on it and its records: its state and the one before, how often it was restarted, whether it
 * is ready. What records no longer show is taken from the stored status. Pure; a part of the pod's status.
 */
import { toTimestamp } from '../objects/meta.ts';
import type { ContainerState, ContainerStatus, Pod } from '../objects/pod.ts';
import { beforeItsStart, type ContainerVerdict } from './container-verdict.ts';
import type { PodContainer } from './identity.ts';
import type { PodObservation } from './observation.ts';
import { endedAt, hasEnded, isRunning } from './pod-records.ts';
import { type ContainerHealth, containerHealth } from './probes/container-health.ts';
import { statusOf, succeeded } from './restart-policy.ts';

type End = NonNullable<ContainerState['terminated']>;

export interface StatusFacts {
  readonly pod: Pod;
  readonly sandbox: PodContainer | undefined;
  readonly observed: PodObservation;
}

export function containerStatus(verdict: ContainerVerdict, { pod, sandbox, observed }: StatusFacts): ContainerStatus {
  const { messages = {} } = observed;
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
        ? { terminated: endOf(newest, known, messages) }
        : { waiting: verdict.step === 'wait' ? verdict.waiting : beforeItsStart(pod) };
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
    ready: isReady(verdict, state, sandbox, health),
    started: verdict.role !== 'ephemeral' && health?.started === true,
    restartCount: Math.max(had?.attempt ?? 0, known?.restartCount ?? 0),
    state,
    lastState: lastState(last && endOf(last, known, messages), state, known),
  };
}

/** An init container is ready once it is done; nothing asks an ephemeral one. */
function isReady(
  { role, records: { newest } }: ContainerVerdict,
  { terminated: end }: ContainerState,
  sandbox: PodContainer | undefined,
  health: ContainerHealth | undefined,
): boolean {
  if (role === 'init') return end?.exitCode === 0;
  if (role === 'ephemeral') return false;
  // Without the pause container nobody can reach it.
  return health?.ready === true && isRunning(sandbox) && sandbox?.attempt === newest?.sandboxAttempt;
}

/** The later of the record's end and the one that the stored status knows of. */
function lastState(
  last: End | undefined,
  { terminated: current }: ContainerState,
  known: ContainerStatus | undefined,
): ContainerState {
  const ends = [known?.lastState.terminated, known?.state.terminated, last].filter((end) => end !== undefined);
  const earlier = ends.filter(({ containerID }) => containerID !== current?.containerID);
  const latest = earlier.sort((a, b) => Date.parse(a.finishedAt) - Date.parse(b.finishedAt)).at(-1);
  return latest === undefined ? {} : { terminated: latest };
}

/** Of a container that is gone without a trace, and that its pod does not start again. */
function lastSeen(known: ContainerStatus): ContainerStatus {
  const { terminated: end, running } = known.state;
  if (end !== undefined) return known;
  if (running === undefined) return { ...known, ready: false, started: false };
  return {
    ...known,
    ready: false,
    started: false,
    state: {
      terminated: {
        exitCode: 137,
        reason: 'ContainerStatusUnknown',
        message: 'The container could not be located when the pod was looked at. The container used to be Running',
        startedAt: running.startedAt,
        finishedAt: running.startedAt,
        containerID: known.containerID ?? '',
      },
    },
  };
}

/** What it said is read once, and then in the stored status. */
function endOf(
  ended: PodContainer,
  known: ContainerStatus | undefined,
  messages: Readonly<Record<string, string>>,
): End {
  const containerID = `docker://${ended.id}`;
  const stored = [known?.state.terminated, known?.lastState.terminated].find((end) => end?.containerID === containerID);
  const message = stored?.message ?? (ended.error || messages[ended.id]);
  return {
    exitCode: ended.exitCode ?? 128,
    reason: reasonOf(ended),
    ...(message && { message }),
    startedAt: toTimestamp(ended.startedAt ?? ended.createdAt),
    finishedAt: toTimestamp(endedAt(ended)),
    containerID,
  };
}

function reasonOf(ended: PodContainer): string {
  if (ended.state === 'created') return 'ContainerCannotRun';
  if (ended.oomKilled) return 'OOMKilled';
  return succeeded(ended) ? 'Completed' : 'Error';
}

function imageID(container: PodContainer | undefined): string | undefined {
  return container === undefined || container.imageId === '' ? undefined : `docker://${container.imageId}`;
}
