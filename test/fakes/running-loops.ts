/**
 * Loops that run: a cache, a read-your-writes client and a run loop for each, over a test cluster. Tests of the controllers start
 * them, write objects, and wait until nothing is left to do; or let them crash after a number of writes.
 */
import { ObjectCache } from '../../reconcilers/kit/object-cache.ts';
import { readYourWrites } from '../../reconcilers/kit/read-your-writes.ts';
import type { Loop } from '../../reconcilers/kit/reconciler.ts';
import { RunLoop } from '../../reconcilers/kit/run-loop.ts';
import { CACHED_KINDS } from '../../reconcilers/objects/kinds.ts';
import type { KubeObject } from '../../reconcilers/objects/meta.ts';
import type { ObjectClient } from '../../reconcilers/ports/object-client.ts';
import { CollectedLog } from './collected-log.ts';
import { type FakeClock, settle } from './fake-clock.ts';
import type { TestCluster } from './test-cluster.ts';

/** What a loop is made of here; `events` are collected as `Reason: message`. */
export interface LoopDeps {
  readonly client: ObjectClient;
  readonly cache: ObjectCache;
  readonly clock: FakeClock;
  readonly events: { record(about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void };
}

// biome-ignore lint/suspicious/noExplicitAny: loops of different types run side by side.
type AnyLoop = Loop<any, any, any>;

export interface RunningLoops {
  readonly client: ObjectClient;
  readonly cache: ObjectCache;
  readonly log: CollectedLog;
  readonly events: readonly string[];
  /** Writes that were carried out so far. */
  readonly writes: number;
  /** Resolves when no loop has anything to do now. Throws after 5 s. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the loops that `make` makes. `crashAfter`: so many writes are carried out, and nothing after them: as if the process had
 * been killed between two writes. The answer to the last one is lost, too.
 */
export async function startLoops(
  cluster: TestCluster,
  make: (deps: LoopDeps) => readonly AnyLoop[],
  options: { crashAfter?: number; client?: ObjectClient } = {},
): Promise<RunningLoops> {
  const { clock, random } = cluster;
  const log = new CollectedLog();
  const [stopLoops, stopCache] = [new AbortController(), new AbortController()];
  const counted = countWrites(options.client ?? cluster.registry, options.crashAfter ?? Number.POSITIVE_INFINITY);
  const cache = new ObjectCache(CACHED_KINDS, { client: cluster.registry, clock, log });
  const client = readYourWrites(counted.client, cache);
  const following = cache.run(stopCache.signal);
  while (cache.revision === 0) await settle();

  const events: string[] = [];
  const record: LoopDeps['events']['record'] = (_about, _type, reason, message) => events.push(`${reason}: ${message}`);
  const runLoops = make({ client, cache, clock, events: { record } }).map(
    (loop) => new RunLoop(loop, { cache, clock, random, log }),
  );
  const running = runLoops.map((loop) => loop.run(stopLoops.signal));

  return {
    client,
    cache,
    log,
    events,
    get writes() {
      return counted.writes();
    },
    async settled() {
      const deadline = Date.now() + 5_000;
      for (let calm = 0; calm < 3; ) {
        await settle();
        calm = runLoops.every((loop) => loop.quiet) || counted.crashed() ? calm + 1 : 0;
        if (Date.now() > deadline) throw new Error(`the loops do not settle: ${JSON.stringify(log.lines.slice(-5))}`);
      }
    },
    async stop() {
      counted.kill();
      stopLoops.abort();
      // What is written must still be seen, or its writer waits for it.
      await Promise.all(running);
      stopCache.abort();
      await following;
    },
  };
}

const DEAD = new Error('the process is dead');

function countWrites(client: ObjectClient, most: number) {
  let writes = 0;
  let killed = false;
  const { promise: death, reject: die } = Promise.withResolvers<never>();
  death.catch(() => undefined);
  const write = async <T>(work: () => Promise<T>): Promise<T> => {
    if (killed) throw DEAD;
    if (writes >= most) return death;
    writes += 1;
    const last = writes === most;
    const result = await work();
    return last ? death : result;
  };
  const counted: ObjectClient = {
    get: (kind, key) => client.get(kind, key),
    list: (kind, listOptions) => client.list(kind, listOptions),
    watch: (kinds, watchOptions) => client.watch(kinds, watchOptions),
    create: (kind, draft) => write(() => client.create(kind, draft)),
    update: (kind, object) => write(() => client.update(kind, object)),
    updateStatus: (kind, object) => write(() => client.updateStatus(kind, object)),
    finalizeNamespace: (namespace) => write(() => client.finalizeNamespace(namespace)),
    bindPod: (key, uid, nodeName) => write(() => client.bindPod(key, uid, nodeName)),
    delete: (kind, key, deleteOptions) => write(() => client.delete(kind, key, deleteOptions)),
  };
  return {
    client: counted,
    writes: () => writes,
    crashed: () => writes >= most,
    kill: () => {
      killed = true;
      die(DEAD);
    },
  };
}
