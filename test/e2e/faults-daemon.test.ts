/** The daemon itself dies, is stopped, is started twice: nothing is doubled, nothing that runs is touched, no request is lost. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SeededRandom } from '../fakes/seeded-random.ts';
import { type App, type Cluster, manifestOf, untilSettled } from './harness/apps.ts';
import type { Dockerd } from './harness/dockerd.ts';
import { runningIds } from './harness/kube-containers.ts';
import { useTestBed } from './harness/test-bed.ts';

/** The longest that a deploy of this test takes; the daemon is killed somewhere within. */
const DEPLOY_MS = 1500;
const KILLS = 6;

describe('a daemon that dies', () => {
  const bed = useTestBed();
  const seed = Number(process.env.SEED ?? Date.now() % 100_000);
  let dockerd: Dockerd;
  let cluster: Cluster;
  let folder: string;

  const declare = (app: App) => writeFile(join(folder, `${app.name}.yaml`), manifestOf(app));

  before('the daemon on an empty folder', async () => {
    folder = await bed.dir();
    dockerd = await bed.dockerd(await bed.netns(), { bridge: true });
    cluster = { dockerd, sampan: await bed.sampan(dockerd, { sources: [folder] }) };
  });

  it(`starts every container once, however often it is killed during a deploy (SEED=${seed})`, async () => {
    const random = new SeededRandom(seed);
    const starts = await startsOf(dockerd);
    const apps: App[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const app = { name: `app${kill}`, replicas: 2 };
      apps.push(app);
      await declare(app);
      await delay(random.below(DEPLOY_MS)); // a moment to die at, not a wait
      await cluster.sampan.stop('SIGKILL');
      await cluster.sampan.start();
    }
    await untilSettled(cluster, apps);
    const started = await starts();
    assert.equal(started.length, 2 * 2 * KILLS, `one app and one pause container a pod: ${started.join(' ')}`);
  });
});
