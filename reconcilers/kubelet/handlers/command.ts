/** A command in a container, for probes and hooks: its exit code and the beginning of what it wrote. */
import type { ContainerRuntime, ExecSession } from '../../ports/container-runtime.ts';

/** Nobody is shown more. */
const MOST_OUTPUT = 10 * 1024;

export interface CommandEnd {
  readonly exitCode: number;
  readonly output: string;
}

export interface RunningCommand {
  /** Rejects where the runtime does not answer, or the container does not run. */
  readonly ended: Promise<CommandEnd>;
  /** Ends it. Once it has ended nothing happens. */
  close(): Promise<void>;
}

export function startCommand(runtime: ContainerRuntime, id: string, command: readonly string[]): RunningCommand {
  const starting = runtime.exec(id, { command, tty: false, stdin: false, stdout: true, stderr: true });
  return { ended: endOf(starting), close: async () => (await starting).close() };
}

async function endOf(starting: Promise<ExecSession>): Promise<CommandEnd> {
  const session = await starting;
  const output = await beginningOf(session);
  const exitCode = await session.exitCode();
  await session.close();
  return { exitCode, output };
}

/** What follows is read and dropped, so that the command is not held up. */
async function beginningOf({ output }: ExecSession): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const { data } of output) {
    if (length < MOST_OUTPUT) chunks.push(data);
    length += data.length;
  }
  return Buffer.concat(chunks).subarray(0, MOST_OUTPUT).toString();
}
