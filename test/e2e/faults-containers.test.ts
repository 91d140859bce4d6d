/** What people and machines do to containers behind the daemon's back, on a real engine: what was declared comes back, the rest stays. */
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type App, type Cluster, manifestOf, untilSettled } from './harness/apps.ts';
import type { Dockerd } from './harness/dockerd.ts';
import { eventually } from './harness/eventually.ts';
import { type KubeContainer, kubeContainers, runningContainers, runningIds } from './harness/kube-containers.ts';
import type { Netns } from './harness/netns.ts';
import { useTestBed } from './harness/test-bed.ts';

const NETWORKS = {
  "Docker's default bridge": { bridge: true, args: [] },
  'a network of its own': { bridge: true, args: ['--cluster-cidr=10.20.0.0/16'] },
};

for (const [network, { bridge, args }] of Object.entries(NETWORKS)) {
  describe(`containers on ${network}`, () => {
    const bed = useTestBed();
    let node: Netns;
    let dockerd: Dockerd;
    let cluster: Cluster;
    let folder: string;
    let versions = 1;
    let web: App = { name: 'web', replicas: 4 };
    /** Of pods that something happened to. */
    const hurt = new Set<string>();

    before('replicas, and a container that is none of ours', async () => {
      folder = await bed.dir();
      node = await bed.netns();
      dockerd = await bed.dockerd(node, { bridge });
      const restart = '--restart=always';
      await dockerd.cli('run', '-d', restart, '--name=foreign', '--label=app=web', 'upperstring');
      await dockerd.cli(
        'run',
        '-d',
        restart,
        '--name=k8s_POD_lookalike_default_1_0',
        '--network=none',
        'sampan/pause:1',
      );
      await declare(web);
      cluster = { dockerd, sampan: await bed.sampan(dockerd, { sources: [folder], args }) };
      await settled();
    });

    const declare = (app: App) => writeFile(join(folder, `${app.name}.yaml`), manifestOf(app));
    /** So few that an engine is soon through with them, none of which has failed before. */
    const freshPods = async (): Promise<void> => {
      versions += 1;
      web = { ...web, replicas: 2, version: String(versions) };
      await declare(web);
      await settled();
    };
    const settled = (timeoutMs?: number) => untilSettled(cluster, [web], timeoutMs);
    const restartsOf = async (pod: string): Promise<number> => {
      const { status } = await cluster.sampan.api.get(`/api/v1/namespaces/default/pods/${pod}`);
      return status.containerStatuses[0].restartCount;
    };
    /** A running container of a pod that nothing happened to yet, by its name in the pod; the test is about to hurt it. */
    const one = async (name: string): Promise<KubeContainer> => {
      const running = await runningContainers(dockerd);
      const found = running.find(({ container, pod }) => container === name && !hurt.has(pod));
      if (found === undefined) throw new Error(`no container ${name} runs`);
      hurt.add(found.pod);
      return found;
    };

    it('runs a killed container again, in its pod', async () => {
      const killed = await one('app');
      const others = (await runningIds(dockerd)).filter((id) => id !== killed.id);
      await dockerd.cli('kill', killed.id);
      await settled();
      assert.equal(await restartsOf(killed.pod), 1);
      const now = await runningIds(dockerd);
      assert.deepEqual(
        others.filter((id) => !now.includes(id)),
        [],
      );
    });

    it('runs a removed container again, in its pod', async () => {
      const removed = await one('app');
      const pause = (await runningContainers(dockerd)).find(
        ({ pod, container }) => pod === removed.pod && container === 'POD',
      );
      await dockerd.cli('rm', '-f', removed.id);
      await settled();
      const again = (await runningContainers(dockerd)).find(
        ({ pod, container }) => pod === removed.pod && container === 'app',
      );
      assert.notEqual(again?.id, removed.id);
      assert.ok((await runningIds(dockerd)).includes(pause?.id ?? ''), 'the pause container stays');
    });

    it('makes a pod anew whose pause container was killed, under its name', async () => {
      const pause = await one('POD');
      await dockerd.cli('kill', pause.id);
      await settled();
      const now = (await runningContainers(dockerd)).filter(({ pod }) => pod === pause.pod);
      assert.equal(now.length, 2);
      assert.ok(now.every(({ id }) => id !== pause.id));
    });

    it('makes a pod anew of which every container was removed', async () => {
      const { pod } = await one('app');
      const all = (await kubeContainers(dockerd)).filter((each) => each.pod === pod);
      await dockerd.cli('rm', '-f', ...all.map(({ id }) => id));
      await settled();
      assert.equal((await runningContainers(dockerd)).filter((each) => each.pod === pod).length, 2);
    });

    it('routes again within a second after the ruleset was flushed', async () => {
      const { spec } = await cluster.sampan.api.get('/api/v1/namespaces/default/services/web');
      await node.run('nft', ['flush', 'ruleset']);
      // A connection that was begun without rules hangs: each look has little time.
      const look = () => node.run('busybox', ['nc', spec.clusterIP, '8010'], { input: 'hello\n', timeoutMs: 200 });
      await eventually(async () => (await look()) === 'HELLO\n', { describe: 'an answer', timeoutMs: 1000 });
    });

    for (const [how, signal] of [
      ['stopped', 'SIGTERM'],
      ['killed', 'SIGKILL'],
    ] as const) {
      it(`goes on by itself when the engine is ${how} and started again`, async () => {
        await freshPods();
        const saidBefore = cluster.sampan.process.readLog().length;
        await dockerd.stop(signal);
        await eventually(() => cluster.sampan.process.readLog().includes('Docker does not answer', saidBefore), {
          describe: 'the daemon to say so',
        });
        const other: App = { name: 'other', replicas: 1 };
        await declare(other);
        await dockerd.start();
        await untilSettled(cluster, [web, other]);
        await rm(join(folder, 'other.yaml'));
        await settled();
      });
    }

    it('never touched the container that is none of ours', async () => {
      const listed = await dockerd.cli('ps', '--format', '{{.Names}} {{.State}}');
      const foreign = listed
        .trim()
        .split('\n')
        .filter((line) => /^(foreign|k8s_POD_lookalike)/.test(line));
      assert.deepEqual(foreign.sort(), ['foreign running', 'k8s_POD_lookalike_default_1_0 running']);
    });
  });
}
