/**
 * The floor under every deploy benchmark: how long the same pause and app containers take when they are created and started over
 * the Docker API directly, with nothing in between. The other benchmarks divide by it, in the same run and on the same engine;
 * on its own (`node hack/bench/floor.ts --help`) it prints a table. It measures Docker only, never the daemon.
 */
import { parseArgs } from 'node:util';
import { type SocketClient, socketClient } from '../../test/e2e/harness/socket-request.ts';
import { openTestBed } from '../../test/e2e/harness/test-bed.ts';

export interface FloorOptions {
  /** The engine's unix socket. */
  readonly socketPath: string;
  readonly pods: number;
  /** How many pods are worked on at once. */
  readonly concurrency: number;
  /** The network that the pause container joins: `bridge`, or one that was created by name. */
  readonly network?: string;
  /** What the app container runs. */
  readonly image?: string;
}

export interface Floor {
  readonly pods: number;
  readonly concurrency: number;
  /** The median of the repeats, in seconds, from the first request until the last container runs. */
  readonly seconds: number;
}

const pauseImage = 'sampan/pause:1';
const appImage = 'sampan/bench-http:1';
/** Of every concurrency that was tried on two cores, from one at a time to where it no longer helps. */
const concurrencies = [1, 2, 4, 8, 16];

/** One measurement, in seconds. The containers are removed again before it resolves, which is not counted. */
export async function measureFloor(options: FloorOptions): Promise<number> {
  const docker = socketClient(options.socketPath);
  const containers: string[] = [];
  const names = Array.from({ length: options.pods }, (_, n) => `floor-${n}`);
  const worker = async (): Promise<void> => {
    for (let name = names.pop(); name !== undefined; name = names.pop())
      await startPod(docker, options, name, containers);
  };
  try {
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: options.concurrency }, worker));
    return (performance.now() - startedAt) / 1000;
  } finally {
    await Promise.all(containers.map((id) => docker.send({ method: 'DELETE', path: `/containers/${id}?force=1` })));
    docker.close();
  }
}

/** The fastest of several concurrencies (up to the first that has all pods at once), each the median of `repeats`, after one pod to warm up. */
export async function bestFloor(options: Omit<FloorOptions, 'concurrency'>, repeats = 3): Promise<Floor> {
  const floors = await measureFloors(options, concurrencies, repeats);
  return floors.reduce((best, floor) => (floor.seconds < best.seconds ? floor : best));
}

async function measureFloors(
  options: Omit<FloorOptions, 'concurrency'>,
  tried: readonly number[],
  repeats: number,
): Promise<Floor[]> {
  await measureFloor({ ...options, pods: 1, concurrency: 1 });
  const floors: Floor[] = [];
  for (const concurrency of tried.filter((_, n) => (tried[n - 1] ?? 0) < options.pods)) {
    const seconds: number[] = [];
    for (let n = 0; n < repeats; n++) seconds.push(await measureFloor({ ...options, concurrency }));
    floors.push({ pods: options.pods, concurrency, seconds: median(seconds) });
  }
  return floors;
}

async function startPod(docker: SocketClient, options: FloorOptions, name: string, created: string[]): Promise<void> {
  const run = async (containerName: string, image: string, network: string): Promise<string> => {
    const { Id: id } = await docker.send<{ Id: string }>({
      method: 'POST',
      path: `/containers/create?name=${containerName}`,
      body: { Image: image, HostConfig: { NetworkMode: network } },
    });
    created.push(id);
    await docker.send({ method: 'POST', path: `/containers/${id}/start` });
    return id;
  };
  const pause = await run(`${name}-pause`, pauseImage, options.network ?? 'bridge');
  await run(`${name}-app`, options.image ?? appImage, `container:${pause}`);
}

/** The middle one of the values, or of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new Error('the median of no values');
  return (low + high) / 2;
}

const usage = `usage: node hack/bench/floor.ts [--pods 1,10,50] [--concurrency 1,2,4,8,16] [--repeats 3] [--network bridge]`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      pods: { type: 'string', default: '1,10,50' },
      concurrency: { type: 'string', default: concurrencies.join() },
      repeats: { type: 'string', default: '3' },
      network: { type: 'string', default: 'bridge' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  await using bed = await openTestBed();
  const { socketPath } = await bed.dockerd(await bed.netns(), { bridge: true });
  console.log('pods  at once  seconds');
  for (const pods of values.pods.split(',').map(Number)) {
    const options = { socketPath, pods, network: values.network };
    for (const floor of await measureFloors(
      options,
      values.concurrency.split(',').map(Number),
      Number(values.repeats),
    )) {
      const columns = [
        String(pods).padStart(4),
        String(floor.concurrency).padStart(7),
        floor.seconds.toFixed(3).padStart(7),
      ];
      console.log(columns.join('  '));
    }
  }
}

if (import.meta.main) await main();
