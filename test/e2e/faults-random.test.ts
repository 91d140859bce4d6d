/**
 * Random edits, reverts, force-pushes, bad commits, kills of containers, of the daemon and of its rules in a row on the real thing,
 * with everything that follows from them under way; then what runs must be what is declared. SEED and STEPS repeat or lengthen a run.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TestRepo } from '../contracts/manifest-source-fixtures.ts';
import { SeededRandom } from '../fakes/seeded-random.ts';
import { type App, type Cluster, manifestOf, untilSettled } from './harness/apps.ts';
import type { Dockerd } from './harness/dockerd.ts';
import { kubeContainers } from './harness/kube-containers.ts';
import type { Netns } from './harness/netns.ts';
import { attempt } from './harness/run.ts';
import { useTestBed } from './harness/test-bed.ts';

const STEPS = Number(process.env.STEPS ?? 80);
const NAMES = ['a', 'b', 'c', 'd', 'e'];
const MOST_REPLICAS = 3;
/** Between two steps at most; what a step sets off mostly takes longer. */
const MOST_PAUSE_MS = 250;

describe('whatever happens', function () {
  this.timeout(120_000 + STEPS * 2_000);
  const bed = useTestBed();
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  const random = new SeededRandom(seed);
  let node: Netns;
  let dockerd: Dockerd;
  let repo: TestRepo;
  let cluster: Cluster;
  let commits = 0;

  const below = (end: number) => Math.floor(random.next() * end);
  const pick = <T>(all: readonly T[]): T => all[below(all.length)] as T;

  /** What each good commit declares. */
  const declared = new Map<string, readonly App[]>();
  const tip = async () => declared.get(await repo.git('rev-parse', 'HEAD')) ?? [];
  const commit = async (apps: readonly App[]) => {
    const files = apps.map((app) => [`${app.name}.yaml`, manifestOf(app)] as const);
    const made = await repo.commit({ ...Object.fromEntries(files), 'README.md': `${commits++}` });
    declared.set(made, apps);
  };
  const changed = (apps: readonly App[], name: string, change: (app: App) => App): App[] => [
    ...apps.filter((app) => app.name !== name),
    change(apps.find((app) => app.name === name) ?? { name, replicas: 1 }),
  ];
  const withContainer = async (which: (name: string) => boolean, ...command: string[]) => {
    const found = (await kubeContainers(dockerd)).filter(({ container, running }) => running && which(container));
    // It may be on its way out already: that the engine then refuses is fine.
    if (found.length > 0) await attempt('docker', ['--host', dockerd.host, ...command, pick(found).id]);
  };

  const steps: Record<string, () => Promise<unknown>> = {
    scale: async () =>
      commit(changed(await tip(), pick(NAMES), (app) => ({ ...app, replicas: below(MOST_REPLICAS + 1) }))),
    change: async () => commit(changed(await tip(), pick(NAMES), (app) => ({ ...app, version: String(commits) }))),
    remove: async () => {
      const gone = pick(NAMES);
      await commit((await tip()).filter(({ name }) => name !== gone));
    },
    revert: async () => {
      const [, before] = (await repo.git('rev-list', '--max-count=2', 'HEAD')).split('\n');
      if (before === undefined) return;
      await repo.git('revert', '--no-edit', 'HEAD');
      declared.set(await repo.git('rev-parse', 'HEAD'), declared.get(before) ?? []);
    },
    'force push': async () => repo.git('reset', '--quiet', '--hard', pick([...declared.keys()])),
    'bad commit': async () => {
      const good = await repo.git('rev-parse', 'HEAD');
      await repo.commit({ 'bad.yaml': `kind: Pod\nspec: ${commits++}\n` });
      await delay(below(MOST_PAUSE_MS));
      await repo.git('reset', '--quiet', '--hard', good);
    },
    'kill a container': () => withContainer((name) => name === 'app', 'kill'),
    'remove a container': () => withContainer((name) => name === 'app', 'rm', '-f'),
    'kill a pause container': () => withContainer((name) => name === 'POD', 'kill'),
    'remove a pause container': () => withContainer((name) => name === 'POD', 'rm', '-f'),
    'flush the rules': () => node.run('nft', ['flush', 'ruleset']),
    'kill the daemon': async () => {
      await cluster.sampan.stop('SIGKILL');
      await cluster.sampan.start();
    },
    'restart the daemon': async () => {
      await cluster.sampan.stop();
      await cluster.sampan.start();
    },
  };

  before('the daemon on a repo', async () => {
    repo = await TestRepo.create(join(await bed.dir(), 'repo'));
    await commit([]);
    await commit([{ name: 'a', replicas: 2 }]);
    node = await bed.netns();
    dockerd = await bed.dockerd(node, { bridge: true });
    const args = ['--prune-limit=1'];
    cluster = { dockerd, sampan: await bed.sampan(dockerd, { sources: [repo.folder], args }) };
  });

  it(`what runs is in the end what is declared (SEED=${seed} STEPS=${STEPS})`, async () => {
    const taken: string[] = [];
    try {
      for (let i = 0; i < STEPS; i++) {
        const name = pick(Object.keys(steps));
        taken.push(name);
        await steps[name]?.();
        await delay(below(MOST_PAUSE_MS)); // not to wait for something: the next step comes at any moment of the last one's effects
      }
      // Pods that crashed often are in back-off; those of a new template are not.
      const last = NAMES.map((name): App => ({ name, replicas: 1 + below(MOST_REPLICAS), version: 'last' }));
      await commit(last);
      await untilSettled(cluster, last, 45_000);
      assert.deepEqual((await cluster.sampan.cli('status')).match(/^!.*$/gm) ?? [], [], 'nothing is stuck');
    } catch (error) {
      throw new Error(`SEED=${seed} STEPS=${STEPS}, after ${taken.join(', ')}`, { cause: error });
    }
  });
});
