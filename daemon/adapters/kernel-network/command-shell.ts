/**
 * A shell beside the daemon that runs one command after another. Node starts a program by forking itself, and the kernel copies the page
 * tables of all its memory first, while nothing else of the daemon runs (docs/decisions/0080). The shell is small, so its
 * fork costs little, and nothing here. command.ts keeps a few. It ends with the daemon, however that ends: its input closes.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';

export interface CommandResult {
  /** 127 where the program is not installed. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class CommandShell {
  readonly #shell: ChildProcessWithoutNullStreams;
  /** Ends what a command prints; nobody else can know it. */
  readonly #mark = randomUUID();
  #stdout = '';
  #stderr = '';
  #onEnd: (code: number) => void = () => {};
  /** What ended it. */
  #ended: string | undefined;

  constructor() {
    // A group of its own: what hangs is killed with the shell, and Ctrl-C on a terminal breaks no command off.
    this.#shell = spawn('/bin/sh', { detached: true });
    const { stdin, stdout, stderr } = this.#shell;
    stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#look();
    });
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#look();
    });
    stdin.on('error', () => {}); // its end tells
    const ended = (reason: string) => {
      this.#ended ??= reason;
      this.#onEnd(1);
    };
    this.#shell.once('error', (error) => ended(`/bin/sh cannot be started: ${error.message}`));
    this.#shell.once('close', (code, signal) => ended(`it was ended by ${signal ?? `its shell (exit code ${code})`}`));
    this.#shell.unref();
    for (const stream of [stdin, stderr]) (stream as Socket).unref();
    this.#keepProcess(false);
  }

  /** Whether another command can be run. */
  get isUsable(): boolean {
    return this.#ended === undefined;
  }

  /** One at a time. Resolves whatever the exit code; a command that is not done in time is killed, with the shell. */
  async run(command: readonly string[], input: string, timeoutMs: number): Promise<CommandResult> {
    if (this.#ended !== undefined) return { code: 1, stdout: '', stderr: this.#ended };
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#onEnd = resolve;
    this.#keepProcess(true);
    const timeout = setTimeout(() => this.kill(), timeoutMs);
    const reads = input === '' ? '</dev/null' : `<<'${this.#mark}'\n${input}\n${this.#mark}`;
    const marks = `printf '${this.#mark}%d\\n' $?; printf '${this.#mark}\\n' >&2`;
    this.#shell.stdin.write(`${command.map(quoted).join(' ')} ${reads}\n${marks}\n`);
    const code = await promise;
    clearTimeout(timeout);
    this.#keepProcess(false);
    const [stdout, stderr] = [this.#stdout, this.#stderr].map((text) => text.split(this.#mark)[0] ?? '');
    this.#stdout = '';
    this.#stderr = '';
    return { code, stdout: stdout ?? '', stderr: `${stderr}${this.#ended ?? ''}` };
  }

  kill(): void {
    if (this.#shell.pid !== undefined && this.isUsable) process.kill(-this.#shell.pid, 'SIGKILL');
  }

  /** Both streams end with the mark once the command has ended; standard output has the exit code after it. */
  #look(): void {
    if (!this.#stdout.endsWith('\n') || !this.#stderr.endsWith(`${this.#mark}\n`)) return;
    const marked = this.#stdout.lastIndexOf(this.#mark);
    if (marked >= 0) this.#onEnd(Number(this.#stdout.slice(marked + this.#mark.length)));
  }

  /** A command under way keeps this process alive; a shell that waits does not. */
  #keepProcess(alive: boolean): void {
    const output = this.#shell.stdout as Socket;
    if (alive) output.ref();
    else output.unref();
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
