/**
 * The processes of this machine as /proc shows them: who mentions a path, who started whom, and ending them for sure.
 * scope.ts calls it to take away what a test started; it never picks a process by its program's name.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { eventually } from './eventually.ts';

/** Every process, other than this one, that has the text on its command line, and all that those started. */
export function processesMentioning(text: string): number[] {
  return withDescendants(allProcesses().filter((pid) => readProc(pid, 'cmdline')?.includes(text)));
}

/** Sends SIGKILL and resolves when they are gone. */
export async function killAll(pids: readonly number[]): Promise<void> {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it ended by itself
    }
  }
  await eventually(() => pids.every(isGone), { describe: `the processes ${pids.join(', ')} to end` });
}

/** A zombie counts as gone: it holds nothing any more but its number. */
function isGone(pid: number): boolean {
  const state = statFields(pid)?.[0];
  return state === undefined || state === 'Z' || state === 'X';
}

function withDescendants(pids: readonly number[]): number[] {
  const children = Map.groupBy(allProcesses(), (pid) => Number(statFields(pid)?.[1]));
  const found = new Set<number>();
  const visit = (pid: number): void => {
    if (found.has(pid)) return;
    found.add(pid);
    for (const child of children.get(pid) ?? []) visit(child);
  };
  for (const pid of pids) if (pid !== process.pid) visit(pid);
  return [...found];
}

function allProcesses(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Field 22 of /proc/PID/stat, in clock ticks since boot; undefined when there is no such process. */
export function startTime(pid: number): string | undefined {
  return statFields(pid)?.[19];
}

/** The fields of /proc/PID/stat from the third (state, parent, ...) on; the second, the name, may contain spaces. */
function statFields(pid: number): string[] | undefined {
  const stat = readProc(pid, 'stat');
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
