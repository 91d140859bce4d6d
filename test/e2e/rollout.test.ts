/**
 * Changes under load: a client opens a connection through the ClusterIP every 5 ms, several are under way at any moment, and another
 * does through a node port; none may fail. On connections that are kept: hack/bench/rollouts.ts.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from '../../hack/bench/bench-node.ts';
import type { Target } from '../../hack/bench/requests.ts';
import type { Dockerd } from './harness/dockerd.ts';
import { eventually } from './harness/eventually.ts';
import { environmentOf, runningContainers } from './harness/kube-containers.ts';
import type { Sampan } from './harness/sampan.ts';
import { useTestBed } from './harness/test-bed.ts';
import { untilReady, type Web, webManifest } from './harness/web.ts';

const NODE_PORT = 30_777;

describe('under load', () => {
  const bed = useTestBed();
  let dockerd: Dockerd;
  let sampan: Sampan;
  let client: Client;
  let byNodePort: Client;
  let folder: string;
  let target: Target;
  let web: Web = { name: 'web', replicas: 10, nodePort: NODE_PORT };

  const declare = (changed: Partial<Web>) => {
    web = { ...web, ...changed };
    return writeFile(join(folder, 'web.yaml'), webManifest(web));
  };
  const versions = async () => {
    const apps = (await runningContainers(dockerd)).filter(({ container }) => container === 'app');
    return Promise.all(
      apps.map(async ({ id }) =>
        (await environmentOf(dockerd, id)).find((variable) => variable.startsWith('VERSION=')),
      ),
    );
  };
  /** Until the engine runs the declared pods, all of the declared version, and nothing else. */
  const untilReplaced = () =>
    eventually(
      async () => {
        assert.deepEqual(await versions(), Array(web.replicas).fill(`VERSION=${web.version ?? 1}`));
        return true;
      },
      { describe: 'the change to be through', timeoutMs: 60_000 },
    );
  const underLoad = async (change: () => Promise<void>): Promise<void> => {
    await client.startLoad(target);
    await byNodePort.startLoad({ ip: '127.0.0.1', port: NODE_PORT }, { everyMs: 20 });
    await change();
    await untilReplaced();
    await untilReady(sampan, web);
    for (const each of [client, byNodePort]) {
      const { requests, failures } = await each.endLoad();
      assert.deepEqual(failures, {}, `of ${requests} requests`);
      assert.ok(requests > 50, `${requests} requests were sent`);
    }
  };

  before('ten replicas that answer', async () => {
    folder = await bed.dir();
    const node = await bed.netns();
    dockerd = await bed.dockerd(node, { bridge: true });
    client = await Client.start(node);
    byNodePort = await Client.start(node);
    sampan = await bed.sampan(dockerd, { sources: [folder] });
    await declare({});
    target = await untilReady(sampan, web);
    await client.untilAnswered(target);
  });
  after(() => {
    client?.close();
    byNodePort?.close();
  });

  it('rolls a changed template out over ten replicas without a failed request', () =>
    underLoad(() => declare({ version: '2' })));

  it('goes back in the middle of a rollout without a failed request', () =>
    underLoad(async () => {
      await declare({ version: '3' });
      await eventually(async () => (await versions()).includes('VERSION=3'), {
        describe: 'the rollout to be under way',
      });
      await declare({ version: '2' });
    }));

  it('scales down and up without a failed request', () =>
    underLoad(async () => {
      await declare({ replicas: 3 });
      await untilReplaced();
      await declare({ replicas: 6 });
    }));

  it('replaces deleted pods without a failed request', () =>
    underLoad(async () => {
      const pods = await sampan.api.list('/api/v1/namespaces/default/pods');
      for (const { metadata } of pods.slice(0, 3))
        await sampan.api.delete(`/api/v1/namespaces/default/pods/${metadata.name}`);
      await eventually(
        async () => {
          const names = (await runningContainers(dockerd)).map(({ pod }) => pod);
          return pods.slice(0, 3).every(({ metadata }) => !names.includes(metadata.name));
        },
        { describe: 'the deleted pods to be gone' },
      );
    }));
});
