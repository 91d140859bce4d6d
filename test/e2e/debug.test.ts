/** `kubectl debug` on a real daemon: what the container that it adds sees of the pod, and what becomes of it. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DaemonKubectl, daemonKubectl } from './harness/daemon-kubectl.ts';
import type { Dockerd } from './harness/dockerd.ts';
import { eventually } from './harness/eventually.ts';
import { kubeContainers } from './harness/kube-containers.ts';
import type { Sampan } from './harness/sampan.ts';
import { useTestBed } from './harness/test-bed.ts';

const POD = `apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  terminationGracePeriodSeconds: 1
  containers: [{ name: app, image: upperstring }]
`;
const PATH = '/api/v1/namespaces/default/pods/web';

describe('kubectl debug', function () {
  this.timeout(90_000);
  const bed = useTestBed();
  let dockerd: Dockerd;
  let sampan: Sampan;
  let dir: string;

  before('the daemon with a pod', async () => {
    dir = await bed.dir();
    await writeFile(join(dir, 'pod.yaml'), POD);
    dockerd = await bed.dockerd(await bed.netns());
    sampan = await bed.sampan(dockerd, { sources: [dir] });
    await eventually(async () => (await sampan.api.get(PATH)).status.phase === 'Running', {
      describe: 'the pod to run',
      timeoutMs: 30_000,
    });
  });

  const stateOf = async (name: string) => {
    const { status } = await sampan.api.get(PATH);
    return status.ephemeralContainerStatuses?.find((each: { name: string }) => each.name === name)?.state;
  };

  for (const version of ['1.27', '1.30', '1.33'] as const) {
    describe(version, () => {
      let kubectl: DaemonKubectl;
      const name = `look-${version.replace('.', '-')}`;
      before(async function () {
        const found = daemonKubectl(version, { netns: dockerd.netns, sampan, home: await bed.dir() });
        if (found === undefined) this.skip();
        kubectl = found;
      });

      it('shows the processes and the network of the container it is aimed at', async () => {
        const look = 'tr "\\0" " " < /proc/1/cmdline; ip -4 -o address show eth0';
        const image = ['--image=sampan/busybox:1', '--target=app', `--container=${name}`];
        await kubectl.run('debug', 'web', ...image, '--', 'sh', '-c', look);
        await eventually(async () => (await stateOf(name))?.terminated?.exitCode === 0, {
          describe: 'the look to end',
          timeoutMs: 20_000,
        });
        const { status } = await sampan.api.get(PATH);
        const seen = await kubectl.run('logs', 'web', '-c', name);
        assert.match(seen, /^\/upperstring /);
        assert.ok(seen.includes(`inet ${status.podIP}/`), seen);
        assert.equal(status.phase, 'Running');
        assert.equal(status.containerStatuses[0].restartCount, 0);
      });

      it('speaks to what it added', async () => {
        const answer = 'read line; echo "heard $line"';
        const image = ['--image=sampan/busybox:1', `--container=talk-${version.replace('.', '-')}`];
        const seen = await kubectl.feed('hello\n', 'debug', 'web', '-i', ...image, '--', 'sh', '-c', answer);
        assert.match(seen, /heard hello/);
      });

      it('makes a copy whose containers see each other', async () => {
        const copy = `copy-${version.replace('.', '-')}`;
        // A pattern that does not find itself.
        const script = 'until grep -l "[/]upperstring" /proc/[0-9]*/cmdline; do sleep 0.1; done';
        const options = [`--copy-to=${copy}`, '--share-processes', '--image=sampan/busybox:1', '--container=look'];
        await kubectl.run('debug', 'web', ...options, '--', 'sh', '-c', script);
        await eventually(
          async () => /^\/proc\/\d+\/cmdline$/m.test((await kubectl.attempt('logs', copy, '-c', 'look')).stdout),
          {
            describe: 'the process of the other container to be seen',
            timeoutMs: 20_000,
          },
        );
        await kubectl.run('delete', 'pod', copy, '--wait=false');
      });
    });
  }

  describe('afterwards', () => {
    it('leaves what it added alone when the daemon is started anew, and never starts it again', async () => {
      const before = await kubeContainers(dockerd);
      const debuggers = before.filter(({ container }) => container.startsWith('look-'));
      assert.ok(debuggers.length > 0);
      await sampan.stop();
      await sampan.start();
      await eventually(async () => (await sampan.api.get(PATH)).status.phase === 'Running', {
        describe: 'the pod to run',
        timeoutMs: 30_000,
      });
      const now = (await kubeContainers(dockerd)).filter(({ container }) => container.startsWith('look-'));
      assert.deepEqual(now.map(({ id }) => id).sort(), debuggers.map(({ id }) => id).sort());
    });

    it('takes all of it away with the pod', async () => {
      await writeFile(join(dir, 'pod.yaml'), '');
      await eventually(async () => (await kubeContainers(dockerd)).length === 0, {
        describe: 'no container to be left',
        timeoutMs: 20_000,
      });
    });
  });
});
