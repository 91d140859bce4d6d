/** A process in a container of the fake runtime: what an exec started, or the one that somebody attached to. The fake runtime makes it. */
import type { ExecSession, ExecSpec, LogChunk, TerminalSize } from '../../reconcilers/ports/container-runtime.ts';
import { Channel } from './channel.ts';
import type { FakeProgram } from './fake-container.ts';

const NOT_FOUND = 127;
const KILLED = 137;

export class FakeProcess {
  readonly spec: ExecSpec;
  readonly stdin = new Channel<Uint8Array>();
  /** Of its terminal, newest last. */
  readonly sizes: TerminalSize[] = [];
  readonly ended: Promise<number>;
  readonly #output = new Channel<LogChunk>();
  readonly #killed = Promise.withResolvers<number>();

  /** Ends as a shell's command that does not exist. */
  static readonly missing: FakeProgram = async (process) => {
    process.write('stdout', `exec: "${process.spec.command[0]}": executable file not found in $PATH`);
    return NOT_FOUND;
  };

  /** Runs until it is killed. */
  static readonly idle: FakeProgram = () => new Promise(() => {});

  constructor(spec: ExecSpec, program: FakeProgram) {
    this.spec = spec;
    if (!spec.stdin) this.stdin.end();
    this.ended = Promise.race([program(this), this.#killed.promise]);
    void this.ended.then(() => this.#output.end());
  }

  /** A terminal has one output only; what is not wanted goes nowhere. */
  write(stream: LogChunk['stream'], text: string | Uint8Array): void {
    const shown = this.spec.tty ? 'stdout' : stream;
    if (this.spec[shown]) this.#output.send({ stream: shown, data: Buffer.from(text) });
  }

  kill(): void {
    this.#killed.resolve(KILLED);
  }

  /** One that attached is gone; the process goes on. */
  detach(): void {
    this.#output.cut();
    this.#killed.resolve(0);
  }

  /** The engine is gone. */
  cut(error: Error): void {
    this.#output.cut(error);
  }

  session(): ExecSession {
    return {
      output: this.#output,
      write: async (data) => this.stdin.send(data),
      closeStdin: () => this.stdin.end(),
      resize: async (size) => void (size.width > 0 && size.height > 0 && this.sizes.push(size)),
      exitCode: () => this.ended,
      close: async () => {
        this.kill();
        await this.ended;
      },
    };
  }
}
