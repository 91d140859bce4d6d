/** A process of the benchmark that takes one order at a time and answers it. */
import { type ChildProcess, spawn } from 'node:child_process';

export class Worker<Order extends object | string> {
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  /** Resolves with what the process says first. */
  static async start<Order extends object | string, Hello>(
    script: string,
    args: readonly string[],
  ): Promise<{ worker: Worker<Order>; hello: Hello }> {
    const flags = ['--disable-warning=ExperimentalWarning', '--expose-gc'];
    const child = spawn(process.execPath, [...flags, script, ...args], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const worker = new Worker<Order>(child);
    return { worker, hello: await worker.#next<Hello>() };
  }

  order<Reply>(order: Order): Promise<Reply> {
    const reply = this.#next<Reply>();
    this.#process.send(order);
    return reply;
  }

  /** It ends by itself when nobody gives it orders any more. */
  async close(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.disconnect();
    await ended;
  }

  #next<Reply>(): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error(`${this.#process.spawnargs.join(' ')} ended`));
      this.#process.once('exit', ended);
      this.#process.once('message', (reply) => {
        this.#process.off('exit', ended);
        resolve(reply as Reply);
      });
    });
  }
}
