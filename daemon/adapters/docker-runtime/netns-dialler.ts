/**
 * A process that has entered a container's network namespace, connects in there and hands the sockets over. A socket stays in the
 * namespace it was made in, so no byte passes through that process. One serves all connections of a container, and ends when none was
 * asked for in a while.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { extname, join } from 'node:path';

const PROGRAM = join(import.meta.dirname, `netns-dialler-process${extname(import.meta.filename)}`);
const IDLE_MS = 10_000;

export interface DialRequest {
  readonly id: number;
  readonly port: number;
}

/** With the socket beside it, unless it failed. */
export interface DialAnswer {
  readonly id: number;
  readonly error?: string;
}

interface Waiting {
  readonly resolve: (socket: Socket) => void;
  readonly reject: (error: Error) => void;
}

export class NetnsDialler {
  /** Whether the process runs; false where there is no nsenter. */
  readonly isReady: Promise<boolean>;
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #requests = 0;
  #idle: NodeJS.Timeout | undefined;

  /** `pid`: a process in the namespace. `ended`: called when this one can no longer be used. */
  constructor(pid: number, ended: () => void) {
    const command = [`--net=/proc/${pid}/ns/net`, '--', process.execPath, PROGRAM];
    const child = spawn('nsenter', command, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    this.#process = child;
    this.isReady = new Promise((resolve) => {
      child.once('spawn', () => resolve(true));
      child.once('error', () => resolve(false));
    });
    child.on('message', (answer, socket) => this.#take(answer as DialAnswer, socket as Socket | undefined));
    child.once('disconnect', ended);
    child.once('close', () => {
      ended();
      clearTimeout(this.#idle);
      for (const { reject } of this.#waiting.values()) reject(new Error("the container's network cannot be entered"));
    });
    // What it does ends with us.
    child.unref();
    child.channel?.unref();
  }

  dial(port: number, signal: AbortSignal): Promise<Socket> {
    clearTimeout(this.#idle);
    const id = ++this.#requests;
    return new Promise((resolve, reject) => {
      const abort = () => settle(() => reject(new Error('no answer in time')));
      const settle = (tell: () => void) => {
        signal.removeEventListener('abort', abort);
        this.#waiting.delete(id);
        if (this.#waiting.size === 0) this.#idle = setTimeout(() => this.close(), IDLE_MS).unref();
        tell();
      };
      this.#waiting.set(id, {
        resolve: (socket) => settle(() => resolve(socket)),
        reject: (error) => settle(() => reject(error)),
      });
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) return abort();
      this.#process.send({ id, port } satisfies DialRequest, (error) => error && this.#waiting.get(id)?.reject(error));
    });
  }

  close(): void {
    if (this.#process.connected) this.#process.disconnect();
  }

  #take({ id, error }: DialAnswer, socket: Socket | undefined): void {
    const waiting = this.#waiting.get(id);
    if (socket === undefined) waiting?.reject(new Error(error));
    else if (waiting === undefined) {
      socket.destroy(); // called off meanwhile
    } else {
      socket.allowHalfOpen = true;
      socket.setNoDelay(true);
      waiting.resolve(socket);
    }
  }
}
