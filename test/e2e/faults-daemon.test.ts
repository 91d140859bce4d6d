/** The daemon itself dies, is stopped, is started twice: nothing is doubled, nothing that runs is touched, no request is lost. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '../../hack/bench/bench-node.ts';
import { RunningContainers } from '../../hack/bench/running-containers.ts';
import { SeededRandom } from '../fakes/seeded-random.ts';
import { type App, type Cluster, manifestOf, untilSettled } from './harness/apps.ts';
import type { Dockerd } from './harness/dockerd.ts';
import { eventually } from './harness/eventually.ts';
import { runningIds } from './harness/kube-containers.ts';
import type { Netns } from './harness/netns.ts';
import { useTestBed } from './harness/test-bed.ts';
import { untilReady, type Web, webManifest } from './harness/web.ts';

/** The longest that a deploy of this test takes; the daemon is killed somewhere within. */
const DEPLOY_MS = 1200;
const KILLS = 6;

describe('a daemon that dies', () => {
  const bed = useTestBed();
  const seed = Number(process.env.SEED ?? Date.now() % 100_000);
  let node: Netns;
  let dockerd: Dockerd;
  let cluster: Cluster;
  let folder: string;
  const apps: App[] = [];

  const declare = (app: App) => writeFile(join(folder, `${app.name}.yaml`), manifestOf(app));

  before('the daemon on an empty folder', async () => {
    folder = await bed.dir();
    node = await bed.netns();
    dockerd = await bed.dockerd(node, { bridge: true });
    cluster = { dockerd, sampan: await bed.sampan(dockerd, { sources: [folder] }) };
  });

  it(`starts every container once, however often it is killed during deploys (SEED=${seed})`, async () => {
    const random = new SeededRandom(seed);
    const containers = await RunningContainers.follow(dockerd.api);
    for (let kill = 0; kill < KILLS; kill++) {
      const app = { name: `app${kill}`, replicas: 2 };
      apps.push(app);
      await declare(app);
      await delay(random.next() * DEPLOY_MS); // not to wait for something: the moment to die at
      await cluster.sampan.stop('SIGKILL');
      await cluster.sampan.start();
    }
    await untilSettled(cluster, apps);
    const names = containers.started.map(({ name }) => name);
    assert.equal(names.length, 2 * 2 * KILLS, `an app and a pause container for each pod:\n${names.sort().join('\n')}`);
  });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`touches nothing and loses no request when it is restarted after ${signal}`, async () => {
      const web: Web = { name: 'web', replicas: 2 };
      await writeFile(join(folder, 'web.yaml'), webManifest(web));
      const client = await Client.start(node);
      try {
        const target = await untilReady(cluster.sampan, web);
        await client.untilAnswered(target);
        const before = await runningIds(dockerd);
        await client.startLoad(target);
        await cluster.sampan.stop(signal);
        assert.deepEqual(await runningIds(dockerd), before);
        await cluster.sampan.start();
        const fresh = { name: `after-${signal.toLowerCase()}`, replicas: 1 };
        apps.push(fresh);
        await declare(fresh);
        await client.untilAnswered(target);
        const { requests, failures } = await client.endLoad();
        assert.deepEqual(failures, {}, `of ${requests} requests`);
        const now = await runningIds(dockerd);
        assert.deepEqual(
          before.filter((id) => !now.includes(id)),
          [],
        );
      } finally {
        client.close();
      }
    });
  }

  it('ends within seconds when it is stopped at a moment of its start', async () => {
    for (const afterMs of [0, 10, 50, 100, 200]) {
      await cluster.sampan.stop();
      await cluster.sampan.start();
      await delay(afterMs); // not to wait for something: the moment to stop at
    }
    await cluster.sampan.stop();
    await cluster.sampan.start();
  });

  it('is alone on its data: a second one is refused, and so is a cleanup', async () => {
    const second = await cluster.sampan.tryCli('run', folder);
    assert.equal(second.code, 2);
    assert.match(second.stderr, new RegExp(`a daemon already runs on .* \\(process ${cluster.sampan.process.pid}\\)`));
    const cleanup = await cluster.sampan.tryCli('cleanup');
    assert.equal(cleanup.code, 2);
    assert.match(cleanup.stderr, /still runs; stop it first/);
    assert.equal(cluster.sampan.process.running, true);
  });

  it('is alone on its data even when two are started at the same moment, on a store that both could use', async () => {
    await cluster.sampan.stop();
    const { endpoint } = await bed.etcd({ netns: node });
    const twins = await Promise.all(
      [1, 2].map(() => cluster.sampan.startCli('run', folder, `--etcd-servers=${endpoint}`)),
    );
    const loser = await Promise.race(twins.map((twin) => twin.ended.then(() => twin)));
    assert.match(loser.readLog(), /a daemon already runs on/);
    const winner = twins.find((twin) => twin !== loser);
    await eventually(() => winner?.readLog().includes('sampan runs'), { describe: 'the other one to run' });
    await winner?.stop();
  });
});
