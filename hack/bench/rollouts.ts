/**
 * Measures zero downtime: rollouts in a row of ten replicas while requests come in, 100 a second each through the cluster IP and from
 * outside through a node port, on connections of their own and on connections that are kept; then the same while dockerd is restarted
 * (live-restore) and while the daemon is killed and started again, each in the middle. The server is asked whether it
 * listens before it is ready, and finishes what it has begun when it is told to stop, as servers in such a place are.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../test/e2e/harness/eventually.ts';
import { runningContainers } from '../../test/e2e/harness/kube-containers.ts';
import type { Netns } from '../../test/e2e/harness/netns.ts';
import type { Sampan } from '../../test/e2e/harness/sampan.ts';
import { webTarget } from '../../test/e2e/harness/web.ts';
import { type BenchNode, Client, withBenchNode } from './bench-node.ts';
import { counted, type Figure } from './figures.ts';
import { folderIn, type Place, type Web } from './manifests.ts';
import type { Target } from './requests.ts';

const ROLLOUTS = 20;
const DISTURBED = 3;
const NODE_PORT = 30_777;
/** Of each of the four loads. */
const EVERY_MS = 10;
const WEB: Web = {
  name: 'web',
  replicas: 10,
  clusterIP: '10.96.77.77',
  nodePort: NODE_PORT,
  args: ['8080', 'finish'],
  isProbed: true,
};
/** When a rollout is well under way. */
const MIDDLE_MS = 1_500;

type Disturbance = (node: BenchNode, sampan: Sampan) => Promise<void>;

const undisturbed: Disturbance = async () => {};
const dockerdRestarts: Disturbance = async ({ dockerd }) => {
  await delay(MIDDLE_MS);
  await dockerd.stop();
  await dockerd.start();
};
const daemonIsKilled: Disturbance = async (_node, sampan) => {
  await delay(MIDDLE_MS);
  await sampan.stop('SIGKILL');
  await sampan.start();
};

export async function benchmarkRolloutsInARow(): Promise<Figure[]> {
  return withBenchNode(
    async (node) => {
      const lan = await node.bed.lan();
      const address = await lan.join(node.netns);
      const callers: Caller[] = [
        { from: node.netns, target: webTarget(WEB), way: 'cluster IP' },
        { from: lan.outside, target: { ip: address, port: NODE_PORT }, way: 'node port' },
      ];
      const place = await folderIn(await node.bed.dir());
      const sampan = await node.sampan([place.location]);
      await place.declare({ ...WEB, version: 'first' });
      await node.client.untilAnswered(webTarget(WEB));
      const figures: Figure[] = [];
      for (const [what, count, disturb] of [
        [`${ROLLOUTS} rollouts in a row`, ROLLOUTS, undisturbed],
        [`${DISTURBED} rollouts, dockerd restarts in each`, DISTURBED, dockerdRestarts],
        [`${DISTURBED} rollouts, the daemon is killed in each`, DISTURBED, daemonIsKilled],
      ] as const) {
        figures.push(...(await underLoad(callers, what, () => rollOut(node, sampan, place, count, disturb))));
      }
      await sampan.stop();
      return figures;
    },
    { args: ['--live-restore'] },
  );
}

interface Caller {
  readonly from: Netns;
  readonly target: Target;
  readonly way: string;
}

async function underLoad(callers: readonly Caller[], what: string, change: () => Promise<void>): Promise<Figure[]> {
  const loads = await Promise.all(
    callers.flatMap((caller) =>
      [false, true].map(async (keepAlive) => ({ ...caller, keepAlive, client: await Client.start(caller.from) })),
    ),
  );
  try {
    for (const { client, target, keepAlive } of loads) await client.startLoad(target, { keepAlive, everyMs: EVERY_MS });
    await change();
    const figures: Figure[] = [];
    for (const { client, way, keepAlive } of loads) {
      const { requests, failures } = await client.endLoad();
      const why = Object.entries(failures).map(([error, times]) => `${times} × ${error}`);
      const failed = Object.values(failures).reduce((total, times) => total + times, 0);
      const how = `${way}, ${keepAlive ? 'kept connections' : 'a connection each'}`;
      figures.push(counted([`${what}, ${how}: failed of ${requests} requests`, ...why].join(', '), failed, 0));
    }
    return figures;
  } finally {
    for (const { client } of loads) client.close();
  }
}

let version = 0;

async function rollOut(
  node: BenchNode,
  sampan: Sampan,
  place: Place,
  count: number,
  disturb: Disturbance,
): Promise<void> {
  const running = async () => {
    const all = await runningContainers(node.dockerd);
    return all.filter(({ container }) => container === 'app').map(({ id }) => id);
  };
  const until = (describe: string, holds: (ids: string[]) => boolean) =>
    eventually(async () => holds(await running()), { describe, timeoutMs: 120_000, everyMs: 100 });
  for (let rollout = 0; rollout < count; rollout++) {
    await until('ten to run', (ids) => ids.length === WEB.replicas);
    const old = new Set(await running());
    await place.declare({ ...WEB, version: `${++version}` });
    await disturb(node, sampan);
    await until('the new ones alone to run', (ids) => ids.length === WEB.replicas && ids.every((id) => !old.has(id)));
  }
}
