/**
 * Which containers run on an engine, followed through its event stream: how the benchmarks learn when the last container of a deploy
 * runs, without asking again and again. The benches' node opens one; it changes nothing.
 */
import { createInterface } from 'node:readline';
import type { SocketClient } from '../../test/e2e/harness/socket-request.ts';

export interface RunningContainer {
  readonly id: string;
  /** `k8s_app_web-x7k2p_default_<uid>_0`. */
  readonly name: string;
}

interface ContainerEvent {
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: { readonly name: string } };
}

export class RunningContainers {
  readonly #running = new Map<string, RunningContainer>();
  readonly #waiting = new Set<() => void>();
  /** Every container that was started since the stream began, in order. */
  readonly started: RunningContainer[] = [];

  /** Resolves when no event can be missed any more. Ends with the engine. */
  static async follow(docker: SocketClient): Promise<RunningContainers> {
    const running = new RunningContainers();
    const filters = JSON.stringify({ type: ['container'], event: ['start', 'die'] });
    const since = Date.now() / 1000;
    const stream = await docker.open({ path: `/events?since=${since}&filters=${encodeURIComponent(filters)}` });
    const lines = createInterface(stream);
    lines.on('line', (line) => running.#take(JSON.parse(line) as ContainerEvent));
    lines.on('error', () => {});
    stream.on('error', () => {}); // the engine is taken away at the end
    return running;
  }

  /** Those whose names begin so. */
  named(prefix: string): RunningContainer[] {
    return [...this.#running.values()].filter(({ name }) => name.startsWith(prefix));
  }

  /** Resolves as soon as `condition` holds, looked at with each event, to the time of that (performance.now). */
  async until(what: string, condition: () => boolean, timeoutMs = 120_000): Promise<number> {
    if (condition()) return performance.now();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`waited ${timeoutMs} ms for ${what}`));
      }, timeoutMs);
      const look = () => {
        if (!condition()) return;
        this.#waiting.delete(look);
        clearTimeout(timer);
        resolve(performance.now());
      };
      this.#waiting.add(look);
    });
  }

  #take({ Action: action, Actor: { ID: id, Attributes: attributes } }: ContainerEvent): void {
    const container = { id, name: attributes.name };
    if (action === 'start') {
      this.#running.set(id, container);
      this.started.push(container);
    } else this.#running.delete(id);
    for (const look of this.#waiting) look();
  }
}
