/**
 * A program that runs beside the test (dockerd, etcd, the daemon), its output kept in a log file. The harness's start*
 * functions call it; it never restarts a program and never kills one by name.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

export interface BackgroundProcess {
  readonly pid: number;
  readonly logFile: string;
  /** False as soon as it ended, for whatever reason. */
  readonly running: boolean;
  /** Everything it has written so far, standard output and error together. */
  readLog(): string;
  /** Sends the signal and resolves when the process is gone; SIGKILL follows after `timeoutMs` (15 s). Harmless when gone. */
  stop(signal?: NodeJS.Signals, timeoutMs?: number): Promise<void>;
  /** Resolves to the exit code, or to the name of the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** Starts it with its output appended to `logFile`; throws when the program cannot be started at all. */
export async function startProcess(
  command: string,
  args: readonly string[],
  logFile: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<BackgroundProcess> {
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, { stdio: ['ignore', log, log], env });
  closeSync(log);
  const ended = endOf(child);
  const pid = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid as number));
  });
  return {
    pid,
    logFile,
    ended,
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    readLog: () => readFileSync(logFile, 'utf8'),
    async stop(signal = 'SIGTERM', timeoutMs = 15_000) {
      child.kill(signal);
      const force = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
      await ended;
      clearTimeout(force);
    },
  };
}

function endOf(child: ChildProcess): Promise<number | NodeJS.Signals> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 0));
  });
}

/** The last lines of a log file, for the message that says why something did not start. */
export function lastLines(logFile: string, count = 15): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
}
