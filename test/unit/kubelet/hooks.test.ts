/** Hooks at the start and the end of containers, over the fake runtime and the fake network. */
import assert from 'node:assert/strict';
import type { Container, ContainerStatus, PodSpec } from '../../../reconcilers/objects/pod.ts';
import type { Lifecycle } from '../../../reconcilers/objects/probe.ts';
import type { FakeProgram } from '../../fakes/fake-container.ts';
import { KubeletBed } from './kubelet-bed.ts';

const PORT = 8080;

describe('kubelet: hooks', () => {
  let bed: KubeletBed;
  /** What the hook's command does, and when it was begun. */
  let program: FakeProgram;
  const begun: number[] = [];

  beforeEach(async () => {
    bed = await KubeletBed.create();
    begun.length = 0;
    program = async () => 0;
    bed.runtime.addImage('web', {
      programs: {
        hook: (process) => {
          begun.push(bed.cluster.clock.now());
          return program(process);
        },
      },
    });
    await bed.start();
  });
  afterEach(() => bed.stop());

  const exec = { exec: { command: ['hook'] } };
  const run = (lifecycle: Lifecycle, spec: Partial<PodSpec> = {}, container: Partial<Container> = {}) =>
    bed.addPod({ containers: [{ name: 'web', image: 'web', lifecycle, ...container }], ...spec });
  const remove = async (gracePeriodSeconds?: number) => {
    const options = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
    await bed.cluster.registry.delete('Pod', { namespace: 'default', name: 'web' }, options);
    await bed.settled();
  };
  const status = async (): Promise<ContainerStatus> => {
    const found = (await bed.pod()).status.containerStatuses?.[0];
    assert.ok(found);
    return found;
  };
  /** A program that ends when told to. */
  const hanging = (): { end: (exitCode: number) => void } => {
    const { promise, resolve } = Promise.withResolvers<number>();
    program = () => promise;
    return { end: resolve };
  };

  describe('postStart', () => {
    it('is run once, and the container is not said to run before it has ended', async () => {
      const hook = hanging();
      await run({ postStart: exec }, {}, { readinessProbe: { tcpSocket: { port: PORT } } as never });
      bed.prober.listen(PORT);
      await bed.advance(60_000);
      assert.equal((await bed.pod()).status.phase, 'Pending');
      const { state, started, ready } = await status();
      assert.deepEqual(
        { state, started, ready },
        {
          state: { waiting: { reason: 'ContainerCreating' } },
          started: false,
          ready: false,
        },
      );
      assert.deepEqual(bed.prober.asked, []);
      hook.end(0);
      await bed.advance(0);
      assert.equal((await bed.pod()).status.phase, 'Running');
      assert.equal((await status()).ready, true);
      await bed.advance(60_000);
      assert.equal(begun.length, 1);
    });

    it('holds up the containers after its own', async () => {
      const hook = hanging();
      const lifecycle = { postStart: exec };
      const containers = [
        { name: 'first', image: 'web' },
        { name: 'web', image: 'web', lifecycle },
        { name: 'last', image: 'web' },
      ];
      await bed.addPod({ containers });
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'first_0 running', 'web_0 running']);
      hook.end(0);
      await bed.settled();
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'first_0 running', 'last_0 running', 'web_0 running']);
    });

    it('that fails ends the container, which is started anew', async () => {
      program = async () => 1;
      await run({ postStart: exec });
      assert.ok(bed.events.includes('Warning FailedPostStartHook PostStartHook failed'));
      assert.ok(bed.events.includes('Normal Killing FailedPostStartHook'));
      program = async () => 0;
      await bed.advance(10_000);
      assert.equal((await status()).state.running !== undefined, true);
      assert.ok((await status()).restartCount > 0);
    });

    it('by a request is content with any answer, and fails without one', async () => {
      bed.prober.listen(PORT, { outcome: 'failure', output: '', status: 500 });
      await run({ postStart: { httpGet: { port: PORT, path: '/', scheme: 'HTTP' } } });
      assert.equal((await bed.pod()).status.phase, 'Running');
      assert.equal(bed.prober.asked[0]?.at?.purpose, 'lifecycle');
      await remove(0);
      bed.prober.answers.clear();
      await run({ postStart: { httpGet: { port: PORT, path: '/', scheme: 'HTTP' } } });
      assert.ok(bed.events.includes('Warning FailedPostStartHook PostStartHook failed'));
    });

    it('by a pause takes that long', async () => {
      await run({ postStart: { sleep: { seconds: 5 } } });
      await bed.advance(4_900);
      assert.equal((await bed.pod()).status.phase, 'Pending');
      await bed.advance(200);
      assert.equal((await bed.pod()).status.phase, 'Running');
    });

    it('that ended is not run again by a daemon that starts, one that did not is', async () => {
      const hook = hanging();
      await run({ postStart: exec });
      await bed.stop();
      await bed.start();
      assert.equal(begun.length, 2);
      hook.end(0);
      await bed.settled();
      assert.equal((await bed.pod()).status.phase, 'Running');
      await bed.stop();
      await bed.start();
      assert.equal(begun.length, 2);
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 running']);
    });
  });

  describe('preStop', () => {
    it('is run before the container is told to stop, and again for none', async () => {
      const hook = hanging();
      await run({ preStop: exec });
      const at = bed.cluster.clock.now();
      await remove();
      await bed.advance(5_000);
      assert.deepEqual(begun, [at]);
      assert.equal(bed.calls('stop'), 0);
      hook.end(0);
      await bed.advance(1_000);
      assert.equal(bed.calls('stop'), 1);
      assert.deepEqual(await bed.summary(), []);
      assert.equal(begun.length, 1);
    });

    it('has the grace period, of which the program then gets the rest, at least 2 s', async () => {
      hanging();
      await run({ preStop: exec }, { terminationGracePeriodSeconds: 10 });
      await remove();
      await bed.advance(9_900);
      assert.equal(bed.calls('stop'), 0);
      await bed.advance(200);
      assert.equal(bed.calls('stop'), 1);
      await bed.advance(5_000);
      assert.deepEqual(await bed.summary(), []);
    });

    it('of a pod that is to go sooner after all is waited for no longer', async () => {
      hanging();
      await run({ preStop: exec });
      await remove();
      await bed.advance(1_000);
      await remove(1);
      await bed.advance(5_000);
      assert.deepEqual(await bed.summary(), []);
      assert.equal(begun.length, 1);
    });

    it('that fails is told of, and the container stops all the same', async () => {
      program = async () => 1;
      await run({ preStop: exec });
      await remove();
      await bed.advance(1_000);
      assert.ok(bed.events.includes('Warning FailedPreStopHook PreStopHook failed'));
      assert.deepEqual(await bed.summary(), []);
    });

    it('that ends its own container has not failed', async () => {
      hanging();
      await run({ preStop: exec });
      await remove();
      bed.runtime.exit((await bed.container('web')).id, 0);
      await bed.advance(1_000);
      assert.deepEqual(
        bed.events.filter((event) => event.includes('PreStop')),
        [],
      );
      assert.deepEqual(await bed.summary(), []);
    });

    it('is run where a changed image stops the container', async () => {
      await run({ preStop: exec });
      const pod = await bed.pod();
      const containers = pod.spec.containers.map((container) => ({ ...container, image: 'other' }));
      await bed.cluster.registry.update('Pod', { ...pod, spec: { ...pod.spec, containers } });
      await bed.advance(1_000);
      assert.equal(begun.length, 1);
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 exited', 'web_1 running']);
    });

    it('is run where a liveness probe has failed, within the grace period of that', async () => {
      hanging();
      const livenessProbe = {
        tcpSocket: { port: PORT },
        periodSeconds: 1,
        failureThreshold: 1,
        terminationGracePeriodSeconds: 4,
      } as never;
      await run({ preStop: exec }, {}, { livenessProbe });
      await bed.advance(4_900);
      assert.deepEqual([begun.length, bed.calls('stop')], [1, 0]);
      await bed.advance(200);
      assert.deepEqual([begun.length, bed.calls('stop')], [1, 1]);
    });

    it('by a request reaches the pod, by the name of a port', async () => {
      bed.prober.listen(PORT);
      const ports = [{ name: 'http', containerPort: PORT, protocol: 'TCP' as const }];
      await run({ preStop: { httpGet: { port: 'http', path: '/bye', scheme: 'HTTP' } } }, {}, { ports });
      await remove();
      await bed.advance(1_000);
      const [asked] = bed.prober.asked;
      assert.deepEqual([asked?.host, asked?.port, asked?.at?.path], ['10.244.0.2', PORT, '/bye']);
    });

    it('is run again by a daemon that starts while it ran, in what is left of the time', async () => {
      hanging();
      await run({ preStop: exec }, { terminationGracePeriodSeconds: 10 });
      await remove();
      await bed.advance(6_000);
      await bed.stop();
      await bed.start();
      assert.equal(begun.length, 2);
      await bed.advance(3_500);
      assert.equal(bed.calls('stop'), 0);
      await bed.advance(1_000);
      assert.equal(bed.calls('stop'), 1);
    });

    it('is run where the object of the pod is gone', async () => {
      await run({ preStop: exec });
      await remove(0);
      await bed.advance(1_000);
      assert.equal(begun.length, 1);
      assert.deepEqual(await bed.summary(), []);
    });
  });
});
