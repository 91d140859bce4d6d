/**
 * The processes of a container, seen from the machine it runs on, through /proc. For what Docker's API cannot do: ending an exec, and
 * entering a pod's network. It touches no process that is not of the container it was told.
 */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** What a terminal that is hung up gives its programs to leave by themselves. */
const HANG_UP_MS = 1_000;
const LOOK_MS = 50;

/**
 * Ends an exec: all processes of the session that its first process `pid` leads (containers' processes start in one of their own),
 * by a hang-up as of a lost terminal, and those that stay by SIGKILL. What has made a session of its own, a daemon, is left alone.
 * Answers why it could not be done, undefined where nothing of it is left.
 */
export async function endSession(pid: number, container: string): Promise<string | undefined> {
  const members = async () => (await sessionOf(pid)).filter(isRunning);
  const found = await members();
  if (found.length === 0) return (await isOfContainer(pid, container)) ? undefined : notHere(pid);
  const failure = await signalAll(found, container, 'SIGHUP');
  if (failure !== undefined) return failure;
  for (const deadline = performance.now() + HANG_UP_MS; performance.now() < deadline; ) {
    if ((await members()).length === 0) return undefined;
    await delay(LOOK_MS);
  }
  return signalAll(await members(), container, 'SIGKILL');
}

/** Whether process `pid` of this machine is in the container: its control group is named after the container's id. */
export async function isOfContainer(pid: number, container: string): Promise<boolean> {
  return (await readOrNothing(`/proc/${pid}/cgroup`)).includes(container);
}

function notHere(pid: number): string {
  return `no process ${pid} of this container is on this machine`;
}

async function signalAll(
  processes: readonly ProcessStat[],
  container: string,
  signal: NodeJS.Signals,
): Promise<string | undefined> {
  for (const { pid } of processes) {
    // The engine may be on another machine, where the number means another process.
    if (!(await isOfContainer(pid, container))) {
      if ((await readStat(pid)) === undefined) continue; // it has just ended
      return notHere(pid);
    }
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') return (error as Error).message;
    }
  }
  return undefined;
}

interface ProcessStat {
  readonly pid: number;
  readonly state: string;
  readonly session: number;
}

/** A zombie runs no more; its parent will notice. */
function isRunning({ state }: ProcessStat): boolean {
  return state !== 'Z' && state !== 'X';
}

async function sessionOf(leader: number): Promise<ProcessStat[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = await Promise.all(pids.map(readStat));
  return stats.filter((stat) => stat !== undefined).filter(({ session }) => session === leader);
}

/** proc(5): pid (name) state ppid pgrp session ...; the name may hold anything. */
async function readStat(pid: number): Promise<ProcessStat | undefined> {
  const text = await readOrNothing(`/proc/${pid}/stat`);
  const [state, , , session] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return state === undefined || session === undefined ? undefined : { pid, state, session: Number(session) };
}

/** A process may end while it is looked at. */
function readOrNothing(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
