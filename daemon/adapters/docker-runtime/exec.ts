/**
 * exec and attach on Docker: a process is made, started on a connection of its own, watched to its end. The adapter calls it; a client
 * that left takes its process along (docs/decisions/0040).
 */
import { setTimeout as delay } from 'node:timers/promises';
import type * as port from '../../../reconcilers/ports/container-runtime.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { HijackedStreams } from './container-session.ts';
import { type DockerClient, DockerRefusal } from './docker-client.ts';
import { endSession } from './host-processes.ts';

/** The parts of `GET /exec/ID/json` that are used. */
interface ExecState {
  readonly Running: boolean;
  /** Null until it has ended. */
  readonly ExitCode: number | null;
  /** On the engine's machine; 0 until it is started. */
  readonly Pid: number;
}

/** Docker tells of an exec's end only where asked. It closes the streams a moment before the exit code is there. */
const FIRST_LOOK_MS = 5;
const SLOWEST_LOOK_MS = 500;
/** A start that takes longer will not come any more. */
const START_MS = 10_000;
/** The exit code of a process that went with its container: of SIGKILL. */
const KILLED = 137;

export async function startExec(docker: DockerClient, id: string, spec: port.ExecSpec): Promise<port.ExecSession> {
  const { Id } = await docker.request<{ Id: string }>('POST', `/containers/${encodeURIComponent(id)}/exec`, {
    body: {
      Cmd: [...spec.command],
      AttachStdin: spec.stdin,
      AttachStdout: spec.stdout,
      AttachStderr: spec.stderr && !spec.tty,
      Tty: spec.tty,
    },
  });
  const connection = await docker.hijack(`/exec/${Id}/start`, { body: { Detach: false, Tty: spec.tty } });
  const streams = new HijackedStreams(connection, spec.tty, (detail, cause) => docker.unavailable(detail, cause));
  return new DockerExec(docker, { container: id, exec: Id }, streams);
}

/** What the container was made with. */
export interface OwnStreams {
  readonly hasTerminal: boolean;
  readonly stdinOnce: boolean;
}

export async function attachTo(
  docker: DockerClient,
  id: string,
  { hasTerminal, stdinOnce }: OwnStreams,
  { stdin, stdout, stderr }: port.StreamChoice,
): Promise<port.ContainerSession> {
  const path = `/containers/${encodeURIComponent(id)}`;
  const query = { stream: true, stdin, stdout, stderr };
  const connection = await docker.hijack(`${path}/attach`, { query });
  const streams = new HijackedStreams(connection, hasTerminal, (detail, cause) => docker.unavailable(detail, cause));
  return {
    output: streams.output,
    write: (data) => streams.write(data),
    // Else Docker would leave the process's stdin open, and end this one's output.
    closeStdin: () => stdinOnce && streams.closeStdin(),
    resize: (size) => (hasTerminal ? resize(docker, path, size) : Promise.resolve()),
    close: async () => streams.disconnect(),
  };
}

class DockerExec implements port.ExecSession {
  readonly output: AsyncIterable<port.LogChunk>;
  readonly #docker: DockerClient;
  readonly #ids: { readonly container: string; readonly exec: string };
  readonly #streams: HijackedStreams;
  readonly #left = new AbortController();
  #ended = false;
  #leaving: Promise<void> | undefined;

  constructor(docker: DockerClient, ids: { container: string; exec: string }, streams: HijackedStreams) {
    this.#docker = docker;
    this.#ids = ids;
    this.#streams = streams;
    this.output = streams.output;
  }

  write(data: Uint8Array): Promise<void> {
    return this.#streams.write(data);
  }

  closeStdin(): void {
    this.#streams.closeStdin();
  }

  resize(size: port.TerminalSize): Promise<void> {
    return resize(this.#docker, `/exec/${this.#ids.exec}`, size);
  }

  async exitCode(): Promise<number> {
    const state = await this.#until(hasEnded, this.#left.signal);
    this.#ended = true;
    return state?.ExitCode ?? KILLED;
  }

  close(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  async #leave(): Promise<void> {
    this.#left.abort();
    this.#streams.disconnect();
    if (this.#ended) return;
    // The connection is there before the process: one that is just being started is waited for.
    const deadline = AbortSignal.timeout(START_MS);
    const state = await this.#until((now) => now.Pid !== 0 || hasEnded(now), deadline).catch((error) => {
      if (deadline.aborted) return undefined;
      throw error;
    });
    // What an exec that ended left behind, it did so on purpose.
    if (state === undefined || hasEnded(state)) return;
    const failure = await endSession(state.Pid, this.#ids.container);
    if (failure === undefined) return;
    const now = await this.#state();
    if (now === undefined || hasEnded(now)) return;
    throw new SampanError('ExecLeftBehind', { id: this.#ids.container, pid: state.Pid, detail: failure });
  }

  /** Looks ever less often. Undefined where the exec is gone, with its container. */
  async #until(reached: (state: ExecState) => boolean, signal: AbortSignal): Promise<ExecState | undefined> {
    for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 2, SLOWEST_LOOK_MS)) {
      const state = await this.#state();
      if (state === undefined || reached(state)) return state;
      await delay(pause, undefined, { signal });
    }
  }

  async #state(): Promise<ExecState | undefined> {
    try {
      return await this.#docker.request<ExecState>('GET', `/exec/${this.#ids.exec}/json`);
    } catch (error) {
      if (error instanceof DockerRefusal && error.status === 404) return undefined;
      throw error;
    }
  }
}

function hasEnded({ Running, ExitCode }: ExecState): boolean {
  return ExitCode !== null && !Running;
}

/** Docker refuses it for what has ended, and for 0 x 0, which some clients send first: neither is worth more than nothing. */
async function resize(docker: DockerClient, path: string, { width, height }: port.TerminalSize): Promise<void> {
  if (width <= 0 || height <= 0) return;
  try {
    await docker.request('POST', `${path}/resize`, { query: { w: width, h: height } });
  } catch (error) {
    if (!(error instanceof DockerRefusal)) throw error;
  }
}
