/**
 * Measures a rollout of a changed template over ten replicas while requests come in through the cluster IP, a new one every 5 ms and
 * several under way: how many fail, and how long it takes until all new ones run and until the last old one is gone.
 */

import { webTarget } from '../../test/e2e/harness/web.ts';
import { type BenchNode, withBenchNode } from './bench-node.ts';
import { untilGone } from './deploy.ts';
import { counted, type Figure, plain, seconds } from './figures.ts';
import { median } from './floor.ts';
import { folderIn, type Place, type Web } from './manifests.ts';

const WEB: Web = { name: 'web', replicas: 10, clusterIP: '10.96.77.77', version: 'old' };

export async function benchmarkRollouts(rounds: number): Promise<Figure[]> {
  return withBenchNode(async (node) => {
    const place = await folderIn(await node.bed.dir());
    const sampan = await node.sampan([place.location]);
    const rollouts: Rollout[] = [];
    const floors: number[] = [];
    for (let round = 0; round < rounds; round++) {
      floors.push(await node.floor(WEB.replicas));
      rollouts.push(await rollOut(node, place));
      await place.withdraw(WEB);
      await untilGone(node, sampan, WEB);
    }
    await sampan.stop();
    const sum = (of: (rollout: Rollout) => number) => rollouts.reduce((total, rollout) => total + of(rollout), 0);
    const failures = rollouts.flatMap(({ why }) => why);
    const against = (ms: number) => ({ floor: seconds(median(floors)), ratio: (ms / median(floors)).toFixed(2) });
    const [allNew, oldGone] = [median(rollouts.map((r) => r.allNewMs)), median(rollouts.map((r) => r.oldGoneMs))];
    return [
      counted(
        `rollout of 10, failed of ${sum((r) => r.requests)} requests ${failures.join(', ')}`.trim(),
        sum((r) => r.failed),
        0,
      ),
      { ...plain('rollout of 10, all new run', seconds(allNew)), ...against(allNew) },
      { ...plain('rollout of 10, all old gone', seconds(oldGone)), ...against(oldGone) },
    ];
  });
}

interface Rollout {
  readonly requests: number;
  readonly failed: number;
  readonly why: readonly string[];
  readonly allNewMs: number;
  readonly oldGoneMs: number;
}

async function rollOut({ containers, client }: BenchNode, place: Place): Promise<Rollout> {
  const running = () => containers.named('k8s_app_web-');
  const answered = client.untilAnswered(webTarget(WEB));
  await place.declare(WEB);
  await Promise.all([answered, containers.until('the old to run', () => running().length === WEB.replicas)]);
  const old = new Set(running().map(({ id }) => id));
  const arrived = () => running().filter(({ id }) => !old.has(id)).length;

  await client.startLoad(webTarget(WEB));
  const declaredAt = await place.declare({ ...WEB, version: 'new' });
  const [allNewAt, oldGoneAt] = await Promise.all([
    containers.until('all new to run', () => arrived() === WEB.replicas),
    containers.until('all old to be gone', () => running().every(({ id }) => !old.has(id))),
  ]);
  const { requests, failures } = await client.endLoad();
  return {
    requests,
    failed: Object.values(failures).reduce((total, count) => total + count, 0),
    why: Object.entries(failures).map(([error, count]) => `${count} × ${error}`),
    allNewMs: allNewAt - declaredAt,
    oldGoneMs: oldGoneAt - declaredAt,
  };
}
