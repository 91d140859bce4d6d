/** Many hollow nodes in one process, and what became of the pods on them. hack/hollow/main.ts runs them. */
import type { Essentials } from '../../daemon/assemble.ts';
import type { AnyObject } from '../../reconcilers/objects/kinds.ts';
import type { ObjectChange } from '../../reconcilers/ports/object-client.ts';
import { HollowNode, type HollowOptions } from './hollow-node.ts';
import { SharedLines } from './shared-lines.ts';

/** As many come up together: each has a TLS handshake and a whole feed to read. */
const STARTING_AT_ONCE = 20;

export interface HollowReport {
  /** Nodes that the masters call Ready. */
  readonly ready: number;
  /** Times a node was Ready no more. */
  readonly lost: number;
  /** Pods that nodes know of, and those that are ready. */
  readonly bound: number;
  readonly running: number;
  readonly rssBytes: number;
  readonly cpuSeconds: number;
}

export class HollowNodes {
  readonly #nodes: readonly HollowNode[];
  #ready = 0;
  #lost = 0;
  #bound = 0;
  #running = 0;

  constructor(count: number, options: Omit<HollowOptions, 'parse'>, essentials: Essentials) {
    const { parse } = new SharedLines();
    this.#nodes = Array.from({ length: count }, (_, index) => new HollowNode(index, { ...options, parse }, essentials));
  }

  get report(): HollowReport {
    const { user, system } = process.cpuUsage();
    return {
      ready: this.#ready,
      lost: this.#lost,
      bound: this.#bound,
      running: this.#running,
      rssBytes: process.memoryUsage().rss,
      cpuSeconds: (user + system) / 1e6,
    };
  }

  async run(signal: AbortSignal): Promise<void> {
    const waiting = this.#nodes.values();
    const runs: Promise<void>[] = [];
    const startNext = async () => {
      for (const node of waiting) {
        const registered = this.#follow(node);
        const stop = new AbortController();
        signal.addEventListener('abort', () => stop.abort(), { once: true });
        runs.push(node.run(stop.signal));
        await registered;
        if (signal.aborted) return;
      }
    };
    await Promise.all(Array.from({ length: STARTING_AT_ONCE }, startNext));
    await Promise.all(runs);
  }

  /** Counts what its cache is told; resolves once it is Ready. */
  #follow({ name, core }: HollowNode): Promise<void> {
    return new Promise((resolve) => {
      core.cache.subscribe(({ type, object, previous }: ObjectChange) => {
        const after = type === 'DELETED' ? undefined : (object as AnyObject);
        const before = previous as AnyObject | undefined;
        if (object.kind === 'Pod') {
          this.#bound += count(after?.kind === 'Pod') - count(before?.kind === 'Pod');
          this.#running += count(isReady(after)) - count(isReady(before));
        }
        if (object.kind !== 'Node' || object.metadata.name !== name) return;
        const change = count(isReady(after)) - count(isReady(before));
        this.#ready += change;
        if (change < 0) this.#lost += 1;
        if (change > 0) resolve();
      });
    });
  }
}

function isReady(object: AnyObject | undefined): boolean {
  if (object?.kind !== 'Pod' && object?.kind !== 'Node') return false;
  return object.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

function count(is: boolean): number {
  return is ? 1 : 0;
}
