/**
 * The machine that the benchmarks of the daemon run on: a network namespace with a Docker engine on its default bridge, the
 * floor on it, and a client inside it. Every measure takes one; it asserts nothing.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dockerd, DockerdOptions } from '../../test/e2e/harness/dockerd.ts';
import type { Netns } from '../../test/e2e/harness/netns.ts';
import type { Sampan } from '../../test/e2e/harness/sampan.ts';
import { openTestBed, type TestBed } from '../../test/e2e/harness/test-bed.ts';
import { measureFloor } from './floor.ts';
import type { LoadOptions, LoadResult, Order, Reply, Target } from './requests.ts';
import { RunningContainers } from './running-containers.ts';

export interface BenchNode {
  readonly bed: TestBed;
  readonly netns: Netns;
  readonly dockerd: Dockerd;
  readonly containers: RunningContainers;
  readonly client: Client;
  /** Of so many pods, in ms, now. */
  floor(pods: number): Promise<number>;
  /** The daemon on the engine, started as the command `sampan` starts it. */
  sampan(sources: readonly string[], args?: readonly string[]): Promise<Sampan>;
}

/** What hack/sampan gives to Node. */
const AS_COMMAND = {
  NODE_COMPILE_CACHE: join(tmpdir(), 'sampan-bench-node'),
  NODE_OPTIONS: '--disable-warning=ExperimentalWarning --max-semi-space-size=4',
};

/** How many pods at once are fastest on two cores; more gain nothing, and at 50 pods they cost (floor.ts measures it). */
const MOST_AT_ONCE = 8;

export async function withBenchNode<T>(
  measure: (node: BenchNode) => Promise<T>,
  options: Pick<DockerdOptions, 'args'> = {},
): Promise<T> {
  const bed = await openTestBed();
  const netns = await bed.netns();
  const client = await Client.start(netns);
  try {
    const dockerd = await bed.dockerd(netns, { bridge: true, ...options });
    const { socketPath } = dockerd;
    const floor = async (pods: number) =>
      1000 * (await measureFloor({ socketPath, pods, concurrency: Math.min(pods, MOST_AT_ONCE) }));
    await floor(2); // dockerd's first containers are slower
    const containers = await RunningContainers.follow(dockerd.api);
    const sampan = (sources: readonly string[], args: readonly string[] = []) =>
      bed.sampan(dockerd, { sources, args, env: AS_COMMAND });
    return await measure({ bed, netns, dockerd, containers, client, floor, sampan });
  } catch (error) {
    process.stderr.write(`${bed.describeLogs()}\n`);
    throw error;
  } finally {
    client.close();
    await bed.close();
  }
}

/** The process in the namespace that sends requests: requests.ts, one order at a time. */
export class Client {
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  static async start(netns: Pick<Netns, 'path'>): Promise<Client> {
    const script = join(import.meta.dirname, 'requests.ts');
    const child = spawn('nsenter', [`--net=${netns.path}`, '--', process.execPath, script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const client = new Client(child);
    await client.#next();
    return client;
  }

  /** Resolves, with the time of it (performance.now), when a request is answered. */
  async untilAnswered(target: Target): Promise<number> {
    await this.#order({ untilAnswered: target });
    return performance.now();
  }

  /** A request every 5 ms, each on a connection of its own; or on ten that are kept. */
  async startLoad(target: Target, options: LoadOptions = {}): Promise<void> {
    await this.#order({ load: target, ...options });
  }

  async endLoad(): Promise<LoadResult> {
    return (await this.#order('end load')) as LoadResult;
  }

  close(): void {
    this.#process.kill('SIGKILL');
  }

  #order(order: Order): Promise<Reply> {
    const reply = this.#next();
    this.#process.send(order);
    return reply;
  }

  #next(): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error('the process that sends requests ended'));
      this.#process.once('exit', ended);
      this.#process.once('message', (reply: Reply) => {
        this.#process.off('exit', ended);
        resolve(reply);
      });
    });
  }
}
