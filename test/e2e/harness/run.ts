/**
 * Runs a short command to its end and gives back what it printed. Tests, the harness and benchmarks call it; it never
 * starts anything that outlives the call (that is background-process.ts) and never goes through a shell.
 */
import { spawn } from 'node:child_process';

export interface RunOptions {
  /** Written to the command's standard input, which is then closed. */
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** After so long the command is killed and the run fails; 30 s without it. */
  readonly timeoutMs?: number;
}

export interface RunResult {
  /** The exit code, or null when a signal ended the command. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command's standard output; throws with its error output when it does not exit with 0. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await attempt(command, args, options);
  if (code === 0) return stdout;
  const ending = code === null ? 'was killed' : `exited with ${code}`;
  throw new Error(`${[command, ...args].join(' ')} ${ending}: ${(stderr || stdout).trim()}`);
}

/** The same for a command whose failure is of interest: resolves whatever the exit code; throws only if it cannot start. */
export function attempt(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      timeout: options.timeoutMs ?? 30_000,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.on('error', () => {}); // the command may end without reading its input
    child.stdin.end(options.input ?? '');
  });
}
