/** Probes over the fake runtime and the fake network: what they make of a container's status, and of the container. */
import assert from 'node:assert/strict';
import type { Container, ContainerStatus, PodSpec } from '../../../reconcilers/objects/pod.ts';
import type { Probe } from '../../../reconcilers/objects/probe.ts';
import { KubeletBed } from './kubelet-bed.ts';

const PORT = 8080;
const REFUSED = 'dial tcp 10.244.0.2:8080: connect: connection refused';
const tcp = (times: Partial<Probe> = {}) => ({ tcpSocket: { port: PORT }, ...times }) as Probe;

describe('kubelet: probes', () => {
  let bed: KubeletBed;

  beforeEach(async () => {
    bed = await KubeletBed.create();
    await bed.start();
  });
  afterEach(() => bed.stop());

  const run = (probes: Partial<Container>, spec: Partial<PodSpec> = {}) =>
    bed.addPod({ containers: [{ name: 'web', image: 'web', ...probes }], ...spec });
  const status = async (): Promise<ContainerStatus> => {
    const found = (await bed.pod()).status.containerStatuses?.[0];
    assert.ok(found);
    return found;
  };
  const condition = async (type: string) => (await bed.pod()).status.conditions?.find((each) => each.type === type);
  const events = (reason: string) => bed.events.filter((event) => event.split(' ')[1] === reason);

  describe('of readiness', () => {
    it('keep a container unready until one succeeds, and restart nothing', async () => {
      await run({ readinessProbe: tcp() });
      assert.deepEqual([(await status()).started, (await status()).ready], [true, false]);
      assert.equal((await condition('Ready'))?.message, 'containers with unready status: [web]');
      await bed.advance(300_000);
      assert.deepEqual([(await status()).ready, (await status()).restartCount], [false, 0]);
      bed.prober.listen(PORT);
      await bed.advance(10_000);
      assert.equal((await status()).ready, true);
      assert.equal((await condition('Ready'))?.status, 'True');
    });

    it('are made more often than asked for while they are waited for, and no failure in between is told', async () => {
      await run({ readinessProbe: tcp({ periodSeconds: 60 }) });
      await bed.advance(400);
      bed.prober.listen(PORT);
      await bed.advance(100);
      assert.equal((await status()).ready, true);
      assert.deepEqual(events('Unhealthy'), []);
      const asked = bed.prober.asked.length;
      await bed.advance(59_000);
      assert.equal(bed.prober.asked.length, asked);
      await bed.advance(1_000);
      assert.equal(bed.prober.asked.length, asked + 1);
    });

    it('are not made before initialDelaySeconds', async () => {
      bed.prober.listen(PORT);
      await run({ readinessProbe: tcp({ initialDelaySeconds: 30 }) });
      await bed.advance(29_900);
      assert.deepEqual(bed.prober.asked, []);
      assert.equal((await status()).ready, false);
      await bed.advance(200);
      assert.equal((await status()).ready, true);
    });

    it('take failureThreshold failures to make it unready, and successThreshold successes to make it ready', async () => {
      bed.prober.listen(PORT);
      await run({ readinessProbe: tcp({ periodSeconds: 5, failureThreshold: 2, successThreshold: 3 }) });
      await bed.advance(9_000);
      assert.equal((await status()).ready, false);
      await bed.advance(2_000);
      assert.equal((await status()).ready, true);
      bed.prober.answers.clear();
      await bed.advance(5_000);
      assert.equal((await status()).ready, true);
      await bed.advance(5_000);
      assert.equal((await status()).ready, false);
      assert.deepEqual(events('Unhealthy'), Array(2).fill(`Warning Unhealthy Readiness probe failed: ${REFUSED}`));
      assert.equal((await status()).restartCount, 0);
    });
  });

  describe('of liveness', () => {
    it('restart a container that fails them, with the usual back-off', async () => {
      bed.prober.listen(PORT);
      await run({ livenessProbe: tcp({ periodSeconds: 1, failureThreshold: 3 }) });
      await bed.advance(5_000);
      bed.prober.answers.clear();
      await bed.advance(3_000);
      assert.deepEqual(events('Killing'), ['Normal Killing Container web failed liveness probe, will be restarted']);
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 exited', 'web_1 running']);
      assert.equal((await status()).restartCount, 1);
      await bed.advance(3_000);
      assert.equal((await status()).state.waiting?.reason, 'CrashLoopBackOff');
      await bed.advance(10_000);
      assert.equal((await status()).restartCount, 2);
    });

    it('make the restart count grow to 5, and never fall', async () => {
      await run({ livenessProbe: tcp({ periodSeconds: 1, failureThreshold: 1 }) });
      const counts = [0];
      for (let minute = 0; (counts.at(-1) ?? 0) < 5 && minute < 60; minute++) {
        await bed.advance(60_000);
        counts.push((await status()).restartCount);
      }
      assert.equal(counts.at(-1), 5);
      assert.deepEqual(
        counts,
        counts.toSorted((a, b) => a - b),
      );
    });

    it('are never heard where the container is well', async () => {
      bed.prober.listen(PORT);
      await run({ livenessProbe: tcp({ periodSeconds: 1, failureThreshold: 1 }) });
      await bed.advance(300_000);
      assert.equal((await status()).restartCount, 0);
      assert.equal(bed.prober.asked.length, 300);
    });

    it('give a container the grace period they declare', async () => {
      bed.runtime.addImage('web', { onSigterm: 'ignore' });
      await run({ livenessProbe: tcp({ failureThreshold: 1, terminationGracePeriodSeconds: 3 }) });
      await bed.advance(12_000);
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 running']);
      await bed.advance(2_000);
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 exited', 'web_1 running']);
    });

    it('end a container of a pod that restarts nothing, and one that then ends well is run again on failure', async () => {
      await run({ livenessProbe: tcp({ failureThreshold: 1 }) }, { restartPolicy: 'Never' });
      await bed.advance(10_000);
      assert.deepEqual(events('Killing'), ['Normal Killing Container web failed liveness probe']);
      assert.match((await bed.pod()).status.phase, /Succeeded|Failed/);
      await bed.cluster.registry.delete('Pod', { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
      await bed.settled();
      await run({ livenessProbe: tcp({ failureThreshold: 1 }) }, { restartPolicy: 'OnFailure' });
      await bed.advance(10_000);
      assert.equal((await status()).lastState.terminated?.exitCode, 0);
      assert.equal((await status()).restartCount, 1);
    });

    it('wait for the startup probe, which has its whole time', async () => {
      await run({
        startupProbe: tcp({ periodSeconds: 10, failureThreshold: 3 }),
        livenessProbe: { exec: { command: ['lives'] }, periodSeconds: 1, failureThreshold: 1 } as Probe,
        readinessProbe: { exec: { command: ['ready'] } } as Probe,
      });
      bed.runtime.addImage('web', { programs: { lives: async () => 0, ready: async () => 0 } });
      await bed.advance(29_900);
      assert.deepEqual([(await status()).started, (await status()).ready], [false, false]);
      assert.equal(bed.calls('exec'), 0);
      await bed.advance(200);
      assert.deepEqual(events('Killing'), ['Normal Killing Container web failed startup probe, will be restarted']);
      bed.prober.listen(PORT);
      await bed.advance(1_000);
      assert.deepEqual([(await status()).started, (await status()).ready], [true, true]);
      const asked = bed.prober.asked.length;
      await bed.advance(60_000);
      assert.equal(bed.prober.asked.length, asked);
    });
  });

  it('of a sidecar hold back what comes after it, and count for the pod', async () => {
    const sidecar = {
      name: 'side',
      image: 'other',
      restartPolicy: 'Always' as const,
      startupProbe: tcp({ periodSeconds: 1, failureThreshold: 60 }),
      readinessProbe: { grpc: { port: 9, service: '' } } as Probe,
    };
    await run({}, { initContainers: [sidecar] });
    await bed.advance(10_000);
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'side_0 running']);
    bed.prober.listen(PORT);
    await bed.advance(1_000);
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'side_0 running', 'web_0 running']);
    assert.equal((await condition('Ready'))?.message, 'containers with unready status: [side]');
    bed.prober.listen(9);
    await bed.advance(10_000);
    assert.equal((await condition('Ready'))?.status, 'True');
  });

  it('of which one hangs delay no other, nor the kubelet', async () => {
    bed.prober.listen(1, 'never');
    bed.prober.listen(PORT);
    for (let pod = 0; pod < 20; pod++) {
      const readinessProbe = { tcpSocket: { port: 1 } } as Probe;
      await bed.addPod({ containers: [{ name: 'web', image: 'web', readinessProbe }] }, `hangs-${pod}`);
    }
    await run({ readinessProbe: tcp() });
    await bed.advance(100);
    assert.equal((await status()).ready, true);
  });

  it('by a command say what it wrote, and end it where it takes too long', async () => {
    let isHanging = false;
    bed.runtime.addImage('web', {
      programs: {
        check: async (process) => {
          process.write('stderr', 'no database');
          return isHanging ? new Promise<number>(() => {}) : 1;
        },
      },
    });
    const exec = { command: ['check', '-v'] };
    await run({ readinessProbe: { exec, periodSeconds: 2, timeoutSeconds: 1 } as Probe });
    await bed.advance(2_100);
    assert.deepEqual(events('Unhealthy'), ['Warning Unhealthy Readiness probe failed: no database']);
    isHanging = true;
    await bed.advance(3_000);
    assert.equal(
      events('Unhealthy').at(-1),
      'Warning Unhealthy Readiness probe failed: command timed out: "check -v" timed out after 1s',
    );
  });

  it('reach the pod at its address, by the name of a port', async () => {
    bed.prober.listen(PORT);
    const ports = [{ name: 'http', containerPort: PORT, protocol: 'TCP' as const }];
    const httpGet = { port: 'http', path: '/healthz', httpHeaders: [{ name: 'X-A', value: 'b' }] };
    await run({ ports, readinessProbe: { httpGet } as Probe });
    await bed.advance(0);
    assert.deepEqual(bed.prober.asked[0]?.at, {
      host: '10.244.0.2',
      port: PORT,
      scheme: 'HTTP',
      path: '/healthz',
      headers: [{ name: 'X-A', value: 'b' }],
      purpose: 'probe',
    });
  });

  it("reach a pod of the host's network at the node's", async () => {
    bed.prober.listen(PORT);
    await run({ readinessProbe: { grpc: { port: PORT, service: 'web' } } as Probe }, { hostNetwork: true });
    await bed.advance(0);
    assert.deepEqual(bed.prober.asked, [{ kind: 'grpc', host: '192.0.2.10', port: PORT, service: 'web' }]);
  });

  it('that cannot be made are told of, and count for nothing', async () => {
    await run({ livenessProbe: { httpGet: { port: 'none' }, failureThreshold: 1 } as Probe });
    await bed.advance(60_000);
    assert.equal((await status()).restartCount, 0);
    assert.equal(
      events('Unhealthy')[0],
      'Warning Unhealthy Liveness probe errored and resulted in unknown state: the container has no port named "none"',
    );
  });

  it('tell of a redirect that leads elsewhere, and are content with it', async () => {
    bed.prober.listen(PORT, { outcome: 'warning', output: 'Probe terminated redirects, Response body: x' });
    await run({ readinessProbe: tcp() });
    await bed.advance(0);
    assert.equal((await status()).ready, true);
    assert.deepEqual(events('ProbeWarning'), [
      'Warning ProbeWarning Readiness probe warning: Probe terminated redirects, Response body: x',
    ]);
  });

  it('are quiet while Docker is away', async () => {
    bed.runtime.addImage('web', { programs: { check: async () => 0 } });
    const probe = { exec: { command: ['check'] }, periodSeconds: 1, failureThreshold: 1 } as Probe;
    await run({ readinessProbe: probe, livenessProbe: probe });
    await bed.advance(2_000);
    bed.runtime.goDown();
    await bed.advance(60_000);
    bed.runtime.comeBack({ liveRestore: true });
    await bed.advance(10_000);
    assert.deepEqual([(await status()).ready, (await status()).restartCount], [true, 0]);
    assert.deepEqual(events('Unhealthy'), []);
  });

  it('change nothing of a container that is ready when the daemon is restarted', async () => {
    bed.prober.listen(PORT);
    const probe = tcp({ periodSeconds: 10, failureThreshold: 3 });
    await run({ startupProbe: probe, readinessProbe: probe, livenessProbe: probe });
    await bed.advance(1_000);
    const before = await bed.pod();
    assert.equal(before.status.containerStatuses?.[0]?.ready, true);
    await bed.stop();
    bed.prober.answers.clear();
    await bed.start();
    await bed.advance(15_000);
    assert.equal((await bed.pod()).metadata.resourceVersion, before.metadata.resourceVersion);
    bed.prober.listen(PORT);
    await bed.advance(60_000);
    assert.equal((await bed.pod()).metadata.resourceVersion, before.metadata.resourceVersion);
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 running']);
  });

  it('go with their pod', async () => {
    bed.prober.listen(PORT);
    await run({ readinessProbe: tcp({ periodSeconds: 1 }) });
    await bed.advance(2_000);
    await bed.cluster.registry.delete('Pod', { namespace: 'default', name: 'web' }, {});
    await bed.advance(1_000);
    const asked = bed.prober.asked.length;
    await bed.advance(60_000);
    assert.equal(bed.prober.asked.length, asked);
  });
});

describe('kubelet: readiness gates', () => {
  it('keep a pod from being ready until others have set their conditions', async () => {
    const bed = await KubeletBed.create();
    await bed.start();
    await bed.addPod({ readinessGates: [{ conditionType: 'example.com/warm' }] });
    const ready = async () => (await bed.pod()).status.conditions?.find(({ type }) => type === 'Ready');
    assert.deepEqual(
      [(await ready())?.status, (await ready())?.reason, (await ready())?.message],
      [
        'False',
        'ReadinessGatesNotReady',
        'corresponding condition of pod readiness gate "example.com/warm" does not exist.',
      ],
    );
    const set = async (status: 'True' | 'False') => {
      const pod = await bed.pod();
      const others = (pod.status.conditions ?? []).filter(({ type }) => type !== 'example.com/warm');
      const conditions = [...others, { type: 'example.com/warm', status, lastTransitionTime: '2026-01-02T03:04:05Z' }];
      await bed.cluster.registry.updateStatus('Pod', { ...pod, status: { ...pod.status, conditions } });
      await bed.settled();
    };
    await set('False');
    assert.equal(
      (await ready())?.message,
      'the status of pod readiness gate "example.com/warm" is not "True", but False',
    );
    await set('True');
    assert.equal((await ready())?.status, 'True');
    await bed.stop();
  });
});
