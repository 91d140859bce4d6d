/**
 * Measures the daemon's own start: on an empty data dir until the first pod answers; and over ten running pods, of which none may be
 * touched and no request lost, until a pod that was declared meanwhile runs.
 */

import { webTarget } from '../../test/e2e/harness/web.ts';
import { type BenchNode, withBenchNode } from './bench-node.ts';
import { untilGone } from './deploy.ts';
import { counted, type Figure, timedAgainstFloor } from './figures.ts';
import { folderIn, type Web } from './manifests.ts';
import type { LoadResult } from './requests.ts';

const FIRST: Web = { name: 'first', replicas: 1, clusterIP: '10.96.77.1' };
const TEN: Web = { name: 'ten', replicas: 10, clusterIP: '10.96.77.10' };
const NEW: Web = { name: 'new', replicas: 1, clusterIP: '10.96.77.11' };

export async function benchmarkStarts(rounds: number): Promise<Figure[]> {
  return withBenchNode(async (node) => [...(await coldStarts(node, rounds)), ...(await restarts(node, rounds))]);
}

async function coldStarts(node: BenchNode, rounds: number): Promise<Figure[]> {
  const times: number[] = [];
  const floors: number[] = [];
  for (let round = 0; round < rounds; round++) {
    floors.push(await node.floor(1));
    const place = await folderIn(await node.bed.dir());
    await place.declare(FIRST);
    const answered = node.client.untilAnswered(webTarget(FIRST));
    const startedAt = performance.now();
    const sampan = await node.sampan([place.location]);
    times.push((await answered) - startedAt);
    await place.withdraw(FIRST);
    await untilGone(node, sampan, FIRST);
    await sampan.stop();
    await sampan.cli('cleanup');
  }
  return [timedAgainstFloor({ what: 'empty data dir, the first pod answers', times, floors, plusMs: 1000 })];
}

async function restarts(node: BenchNode, rounds: number): Promise<Figure[]> {
  const { containers, client } = node;
  const place = await folderIn(await node.bed.dir());
  const sampan = await node.sampan([place.location]);
  const answered = client.untilAnswered(webTarget(TEN));
  await place.declare(TEN);
  await Promise.all([answered, containers.until('ten to run', () => appsOf(node, TEN).length === TEN.replicas)]);

  const times: number[] = [];
  const floors: number[] = [];
  const loads: LoadResult[] = [];
  let touched = 0;
  for (let round = 0; round < rounds; round++) {
    floors.push(await node.floor(1));
    const before = appsOf(node, TEN).map(({ id }) => id);
    await client.startLoad(webTarget(TEN));
    await sampan.stop(round % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
    await place.declare(NEW);
    const startedAt = performance.now();
    const started = sampan.start();
    times.push((await containers.until('the new pod to run', () => appsOf(node, NEW).length === 1)) - startedAt);
    await started;
    loads.push(await client.endLoad());
    const after = new Set(appsOf(node, TEN).map(({ id }) => id));
    touched += before.filter((id) => !after.has(id)).length;
    await place.withdraw(NEW);
    await untilGone(node, sampan, NEW);
  }
  await place.withdraw(TEN);
  await untilGone(node, sampan, TEN);
  await sampan.stop();
  const requests = loads.reduce((total, load) => total + load.requests, 0);
  const lost = loads.flatMap(({ failures }) => Object.values(failures)).reduce((total, count) => total + count, 0);
  return [
    timedAgainstFloor({ what: 'restart over 10 pods, a new pod runs', times, floors, factor: 0, plusMs: 1000 }),
    counted('restart over 10 pods, containers touched', touched, 0),
    counted(`restart over 10 pods, lost of ${requests} requests`, lost, 0),
  ];
}

function appsOf({ containers }: BenchNode, { name }: Web) {
  return containers.named(`k8s_app_${name}-`);
}
