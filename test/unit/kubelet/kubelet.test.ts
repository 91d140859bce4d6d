/** The kubelet over the fake runtime: what runs, what it cost, what is reported. */
import assert from 'node:assert/strict';
import { LABEL_UID } from '../../../reconcilers/kubelet/identity.ts';
import { KubeletBed } from './kubelet-bed.ts';

describe('kubelet', () => {
  let bed: KubeletBed;

  beforeEach(async () => {
    bed = await KubeletBed.create();
  });
  afterEach(() => bed.stop());

  describe('a new pod', () => {
    it('runs with two creations, two starts and one write', async () => {
      await bed.start();
      const mark = bed.runtime.calls.length;
      const created = await bed.addPod();
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 running']);
      assert.deepEqual(
        [bed.calls('create', mark), bed.calls('start', mark), bed.calls('inspect', mark), bed.calls('image', mark)],
        [2, 2, 0, 1],
      );
      const pod = await bed.pod();
      assert.equal(pod.status.phase, 'Running');
      assert.equal(pod.status.podIP, '10.244.0.2');
      assert.equal(pod.status.hostIP, '192.0.2.10');
      const writes = Number(pod.metadata.resourceVersion) - Number(created.metadata.resourceVersion);
      const events = (await bed.cluster.registry.list('Event')).items.filter(
        ({ involvedObject }) => involvedObject.uid === pod.metadata.uid,
      );
      assert.ok(writes - events.length <= 1, `${writes} writes, ${events.length} of them events`);
      assert.deepEqual(bed.events, [
        'Normal Pulled Container image "web" already present on machine',
        'Normal Created Created container web',
        'Normal Started Started container web',
      ]);
    });

    it('is not touched while its node is not registered', async () => {
      bed = await KubeletBed.create({ node: false });
      await bed.start();
      await bed.addPod();
      assert.deepEqual(await bed.summary(), []);
      await bed.addNode();
      await bed.settled();
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 running']);
    });

    it('is left alone when it is bound to another node', async () => {
      await bed.start();
      await bed.addPod({ nodeName: 'node-2' });
      assert.deepEqual(await bed.summary(), []);
    });
  });

  describe('a container that ends', () => {
    it('runs again at once, and is backed off from its second end on', async () => {
      await bed.start();
      await bed.addPod();
      bed.runtime.exit((await bed.container('web')).id, 137);
      await bed.settled();
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 exited', 'web_1 running']);
      assert.equal((await bed.pod()).status.containerStatuses?.[0]?.restartCount, 1);

      await bed.advance(1_000);
      bed.runtime.exit((await bed.container('web')).id, 1);
      await bed.settled();
      const { uid } = (await bed.pod()).metadata;
      assert.deepEqual((await bed.pod()).status.containerStatuses?.[0]?.state, {
        waiting: {
          reason: 'CrashLoopBackOff',
          message: `back-off 10s restarting failed container=web pod=web_default(${uid})`,
        },
      });
      await bed.advance(9_900);
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 exited', 'web_1 exited']);
      await bed.advance(200);
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_1 exited', 'web_2 running']);
      assert.ok(bed.events.includes('Warning BackOff Back-off restarting failed container'));
    });

    it('keeps its back-off and its count over a restart of the daemon', async () => {
      await bed.start();
      await bed.addPod();
      for (let crash = 0; crash < 2; crash++) {
        bed.runtime.exit((await bed.container('web')).id, 1);
        await bed.settled();
      }
      await bed.stop();
      await bed.start();
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 exited', 'web_1 exited']);
      await bed.advance(10_100);
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_1 exited', 'web_2 running']);
      assert.equal((await bed.pod()).status.containerStatuses?.[0]?.restartCount, 2);
    });

    it('starts anew in a new sandbox when the pause container dies', async () => {
      await bed.start();
      await bed.addPod();
      bed.runtime.exit((await bed.container('POD')).id, 137);
      await bed.settled();
      assert.deepEqual(await bed.summary(), ['POD_1 running', 'web_0 exited', 'web_1 running']);
    });

    it('comes back after all containers were removed by hand', async () => {
      await bed.start();
      await bed.addPod();
      for (const { id } of await bed.containers()) await bed.runtime.remove(id);
      await bed.settled();
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_1 running']);
      assert.equal((await bed.pod()).status.containerStatuses?.[0]?.restartCount, 1);
    });

    it('ends the pod where it is never restarted', async () => {
      await bed.start();
      await bed.addPod({ restartPolicy: 'Never' });
      bed.runtime.exit((await bed.container('web')).id, 0);
      await bed.settled();
      assert.equal((await bed.pod()).status.phase, 'Succeeded');
      assert.deepEqual(await bed.summary(), ['web_0 exited']);
    });
  });

  describe('a deleted pod', () => {
    const key = { namespace: 'default', name: 'web' };

    it('stops, is removed, and its object goes', async () => {
      await bed.start();
      await bed.addPod();
      await bed.cluster.registry.delete('Pod', key);
      await bed.settled();
      assert.deepEqual(await bed.summary(), []);
      assert.equal(await bed.cluster.registry.get('Pod', key), undefined);
      assert.ok(bed.events.includes('Normal Killing Stopping container web'));
    });

    it('has its grace period, while other pods go on', async () => {
      bed.runtime.addImage('stubborn', { onSigterm: 'ignore' });
      await bed.start();
      for (let i = 0; i < 10; i++)
        await bed.addPod({ containers: [{ name: 'web', image: 'stubborn' }] }, `stubborn-${i}`);
      for (let i = 0; i < 10; i++) await bed.cluster.registry.delete('Pod', { ...key, name: `stubborn-${i}` });
      await bed.settled();
      await bed.addPod();
      assert.equal((await bed.pod()).status.phase, 'Running');
      assert.equal((await bed.containers()).length, 22);
      await bed.advance(31_000);
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 running']);
    });

    it('leaves its Services before it stops', async () => {
      const { registry } = bed.cluster;
      await bed.start();
      const pod = await bed.addPod();
      await registry.create('Service', {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web', namespace: 'default' },
        spec: { type: 'ClusterIP', selector: { app: 'web' }, ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }] },
      } as never);
      const targetRef = { kind: 'Pod', namespace: 'default', name: 'web', uid: pod.metadata.uid };
      const endpoint = { addresses: ['10.244.0.2'], nodeName: 'n1', targetRef };
      const slice = await registry.create('EndpointSlice', {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
        addressType: 'IPv4',
        endpoints: [{ ...endpoint, conditions: { ready: true } }],
      });
      await registry.delete('Pod', key);
      await bed.advance(1_000);
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 running']);
      // The last one that is left stays in the slice, and is routed to, until it has ended; that is not waited for.
      const leaving = { ...endpoint, conditions: { ready: false, serving: true, terminating: true } };
      await registry.update('EndpointSlice', { ...slice, endpoints: [leaving] });
      await bed.settled();
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 running']);
      await bed.advance(500);
      assert.deepEqual(await bed.summary(), []);
    });

    it('removed by force leaves no container', async () => {
      await bed.start();
      await bed.addPod();
      await bed.cluster.registry.delete('Pod', key, { gracePeriodSeconds: 0 });
      await bed.settled();
      assert.deepEqual(await bed.summary(), []);
    });

    it('removed while the daemon was away leaves no container', async () => {
      await bed.start();
      await bed.addPod();
      await bed.stop();
      await bed.cluster.registry.delete('Pod', key, { gracePeriodSeconds: 0 });
      await bed.start();
      assert.deepEqual(await bed.summary(), []);
    });

    it('removed by force ends beside a new pod of its name, which does not wait for it', async () => {
      bed.runtime.addImage('stubborn', { onSigterm: 'ignore' });
      await bed.start();
      await bed.addPod({ containers: [{ name: 'web', image: 'stubborn' }] });
      await bed.cluster.registry.delete('Pod', key, { gracePeriodSeconds: 0 });
      const { metadata } = await bed.addPod();
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'POD_0 running', 'web_0 running', 'web_0 running']);
      await bed.advance(31_000);
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 running']);
      const uids = (await bed.containers()).map(({ labels }) => labels[LABEL_UID]);
      assert.deepEqual(uids, [metadata.uid, metadata.uid]);
    });
  });

  it('touches no container of another instance, nor one without labels', async () => {
    const foreign = { name: 'hand-made', image: 'web', labels: {}, network: { kind: 'host' } } as const;
    const others = {
      ...foreign,
      name: 'others',
      labels: { 'sampan.dev/instance': 'prod', 'io.kubernetes.pod.name': 'web' },
    };
    const ids = [await bed.runtime.create(foreign), await bed.runtime.create(others)];
    for (const id of ids) await bed.runtime.start(id);
    await bed.start();
    await bed.addPod();
    await bed.cluster.registry.delete('Pod', { namespace: 'default', name: 'web' });
    await bed.settled();
    for (const id of ids) assert.equal((await bed.runtime.inspect(id))?.state, 'running');
  });

  it('adopts what runs when it starts again, without touching it', async () => {
    await bed.start();
    await bed.addPod();
    await bed.stop();
    const mark = bed.runtime.calls.length;
    await bed.start();
    assert.deepEqual(
      bed.runtime.calls.slice(mark).map(({ operation }) => operation),
      ['list'],
    );
  });

  it('gives a container a new image: pulled first, then the old one stops', async () => {
    bed.runtime.registry.images.set('web:3', {});
    bed.runtime.registry.latencyMs = 5_000;
    await bed.start();
    const pod = await bed.addPod();
    const next = { ...(await bed.pod()), spec: { ...pod.spec, containers: [{ name: 'web', image: 'web:3' }] } };
    await bed.cluster.registry.update('Pod', next as typeof pod);
    await bed.advance(4_000);
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 running']);
    await bed.advance(2_000);
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 exited', 'web_1 running']);
    assert.equal((await bed.container('web')).image, 'web:3');
    assert.ok(bed.events.includes('Normal Killing Container web definition changed, will be restarted'));
  });

  describe('pulls', () => {
    const missing = { containers: [{ name: 'web', image: 'far/away:1' }] };

    it('report an image that cannot be had, and back off', async () => {
      bed.runtime.registry.failures.set('far/away:1', 'manifest unknown');
      await bed.start();
      await bed.addPod(missing);
      await bed.advance(1);
      const waiting = async () => (await bed.pod()).status.containerStatuses?.[0]?.state.waiting;
      assert.deepEqual(await waiting(), { reason: 'ErrImagePull', message: 'manifest unknown' });
      await bed.advance(2_100);
      assert.deepEqual(await waiting(), {
        reason: 'ImagePullBackOff',
        message: 'Back-off pulling image "far/away:1": ErrImagePull: manifest unknown',
      });
      await bed.advance(7_000);
      assert.equal(bed.runtime.registry.pulled.length, 1);
      bed.runtime.registry.failures.clear();
      bed.runtime.registry.images.set('far/away:1', {});
      await bed.advance(1_100);
      await bed.advance(1);
      assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 running']);
      assert.deepEqual(
        bed.events.filter((event) => /Pull|Failed|BackOff/.test(event)),
        [
          'Normal Pulling Pulling image "far/away:1"',
          'Warning Failed Failed to pull image "far/away:1": manifest unknown',
          'Warning Failed Error: ErrImagePull',
          'Normal BackOff Back-off pulling image "far/away:1"',
          'Warning Failed Error: ImagePullBackOff',
          'Normal Pulling Pulling image "far/away:1"',
          'Normal Pulled Successfully pulled image "far/away:1" in 0ms (0ms including waiting). Image size: 1000 bytes.',
        ],
      );
      assert.equal(bed.pullReports.at(-1)?.state, 'pulled');
    });

    it('that are slow hold up no other pod', async () => {
      bed.runtime.registry.images.set('far/away:1', {});
      bed.runtime.registry.latencyMs = 60_000;
      await bed.start();
      for (let i = 0; i < 20; i++) await bed.addPod(missing, `slow-${i}`);
      await bed.addPod();
      assert.equal((await bed.pod()).status.phase, 'Running');
      assert.deepEqual((await bed.pod('slow-0')).status.containerStatuses?.[0]?.state.waiting, {
        reason: 'ContainerCreating',
      });
      await bed.advance(61_000);
      assert.equal((await bed.pod('slow-19')).status.phase, 'Running');
      assert.deepEqual(bed.runtime.registry.pulled, ['far/away:1']);
    });

    it('end when somebody builds the image meanwhile', async () => {
      bed.runtime.registry.failures.set('far/away:1', 'no such host');
      await bed.start();
      await bed.addPod(missing);
      await bed.advance(1);
      bed.runtime.addImage('far/away:1');
      await bed.settled();
      assert.equal((await bed.pod()).status.phase, 'Running');
    });

    it('of an undeclared :latest fall back to the image that is there', async () => {
      bed.runtime.addImage('dev:latest');
      bed.runtime.registry.failures.set('dev:latest', 'no such host');
      await bed.start();
      await bed.addPod({ containers: [{ name: 'web', image: 'dev:latest' }] });
      await bed.advance(1);
      assert.equal((await bed.pod()).status.phase, 'Running');
      const text = 'Failed to pull image "dev:latest": no such host; using the image of that name that is present';
      assert.ok(bed.events.includes(`Warning Failed ${text}`));
    });
  });

  it('reports a container that cannot start, and tries again', async () => {
    bed.runtime.startFailures.set('web', 'exec: "nope": executable file not found in $PATH');
    await bed.start();
    await bed.addPod();
    const text = 'failed to start container "web": exec: "nope": executable file not found in $PATH';
    const status = (await bed.pod()).status.containerStatuses?.[0];
    assert.deepEqual(status?.state.waiting, { reason: 'RunContainerError', message: text });
    assert.ok(bed.events.includes(`Warning Failed Error: ${text}`));
    bed.runtime.startFailures.clear();
    await bed.advance(10_100);
    assert.equal((await bed.pod()).status.phase, 'Running');
  });

  it('waits while Docker is away, says so once, and goes on by itself', async () => {
    await bed.start();
    for (let i = 0; i < 5; i++) await bed.addPod({}, `web-${i}`);
    const before = await bed.pod('web-0');
    bed.runtime.goDown();
    await bed.settled();
    await bed.addPod({}, 'late');
    await bed.advance(20_000);
    assert.deepEqual((await bed.pod('web-0')).status, before.status);
    bed.runtime.comeBack();
    await bed.advance(6_000);
    const running = (await bed.containers()).filter(({ state }) => state === 'running');
    assert.equal(running.length, 12);
    assert.equal(bed.log.lines.filter(({ level }) => level === 'error').length, 1);
  });

  it('starts no containers of its own accord for a pod of the same name until the old one is gone', async () => {
    bed.runtime.addImage('stubborn', { onSigterm: 'ignore' });
    const ports = [{ containerPort: 80, hostPort: 8080, protocol: 'TCP' as const }];
    await bed.start();
    await bed.addPod({ containers: [{ name: 'web', image: 'stubborn', ports }] });
    await bed.cluster.registry.delete('Pod', { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
    await bed.addPod({ containers: [{ name: 'web', image: 'web', ports }] });
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 running']);
    await bed.advance(31_000);
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 running']);
    assert.equal((await bed.container('web')).image, 'web');
  });
});
