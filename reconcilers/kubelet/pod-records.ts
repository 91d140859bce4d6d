/**
 * A pod's containers in order: the newest pause container, and per container the newest one and the last that ended before it.
 * What the plan, the verdicts and the status read the records through; pure.
 */
import { allContainerStatuses, type Pod } from '../objects/pod.ts';
import { type PodContainer, SANDBOX } from './identity.ts';

export interface PodRecords {
  readonly sandbox: PodContainer | undefined;
  of(container: string): ContainerRecords;
  /** All that belong to no other pod, pause containers included. */
  readonly all: readonly PodContainer[];
  /** One more than any pause container that is known to have been. */
  readonly nextSandboxAttempt: number;
}

export interface ContainerRecords {
  readonly newest: PodContainer | undefined;
  /** The last that ended before the newest: `logs --previous` and lastState show it. */
  readonly previous: PodContainer | undefined;
  readonly nextAttempt: number;
}

export function podRecords(containers: readonly PodContainer[]): PodRecords {
  const all = [...containers].sort((a, b) => a.attempt - b.attempt || a.createdAt - b.createdAt);
  const ofName = (name: string) => all.filter(({ container }) => container === name);
  const sandbox = ofName(SANDBOX).at(-1);
  return {
    sandbox,
    all,
    nextSandboxAttempt: 1 + Math.max(-1, ...all.map((each) => each.sandboxAttempt)),
    of(name) {
      const own = ofName(name);
      const newest = own.at(-1);
      const previous = own.slice(0, -1).findLast(hasEnded);
      return { newest, previous, nextAttempt: newest === undefined ? 0 : newest.attempt + 1 };
    },
  };
}

/**
 * As the pod's status has it: where that tells of a later container than any that is left, somebody removed the record, and there is no
 * newest one.
 */
export function recordsOf(pod: Pod, records: PodRecords, { name }: { readonly name: string }): ContainerRecords {
  const own = records.of(name);
  const { newest } = own;
  const known = allContainerStatuses(pod).find((status) => status.name === name);
  if (newest === undefined || isRunning(newest) || known?.containerID === undefined) return own;
  if (known.restartCount <= newest.attempt) return own;
  return { newest: undefined, previous: newest, nextAttempt: known.restartCount + 1 };
}

/** Whether it ran, or failed to start; a container that was only created has not. */
export function hasEnded(container: PodContainer): boolean {
  return container.state === 'exited' || (container.state === 'created' && container.error !== undefined);
}

export function isRunning(container: PodContainer | undefined): boolean {
  return container?.state === 'running';
}

/** When it ended; that is when it was made, for one that could not start. */
export function endedAt(container: PodContainer): number {
  return container.finishedAt ?? container.startedAt ?? container.createdAt;
}

/** How many crashes in a row there were once `ended` is counted. */
export function crashesAfter(ended: PodContainer, recoveredAfterMs: number): number {
  const ranMs = ended.startedAt === undefined ? 0 : endedAt(ended) - ended.startedAt;
  return ranMs >= recoveredAfterMs ? 1 : ended.crashes + 1;
}

/**
 * What is no longer of use: pause containers before the newest, and per container all but the newest and the last that ended
 * before it. Never one that runs.
 */
export function garbage(records: PodRecords): PodContainer[] {
  return records.all.filter((each) => {
    if (isRunning(each)) return false;
    if (each.container === SANDBOX) return each !== records.sandbox;
    const { newest, previous } = records.of(each.container);
    return each !== newest && each !== previous;
  });
}

/** Of those that are not the pause container. */
export function isRunningApp(container: PodContainer): boolean {
  return container.container !== SANDBOX && isRunning(container);
}
