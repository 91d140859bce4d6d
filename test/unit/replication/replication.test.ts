import assert from 'node:assert/strict';
import { controllerOf } from '../../../reconcilers/objects/meta.ts';
import type { Pod } from '../../../reconcilers/objects/pod.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { ObjectClient } from '../../../reconcilers/ports/object-client.ts';
import { createReplicationLoop } from '../../../reconcilers/replication/index.ts';
import { draftController, draftPod, reportPod } from '../../fakes/objects.ts';
import { type LoopDeps, startLoops } from '../../fakes/running-loops.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const WEB = { namespace: 'default', name: 'web' };
const SOURCE = { annotations: { 'sampan.dev/source': 'folder-manifests' } };
const replication = (deps: LoopDeps) => [createReplicationLoop(deps)];

async function podsOf({ registry }: TestCluster): Promise<Pod[]> {
  return (await registry.list('Pod')).items;
}

async function getController({ registry }: TestCluster) {
  const controller = await registry.get('ReplicationController', WEB);
  assert.ok(controller);
  return controller;
}

async function setImage(cluster: TestCluster, image: string): Promise<void> {
  const controller = structuredClone(await getController(cluster));
  for (const container of controller.spec.template.spec.containers) container.image = image;
  await cluster.registry.update('ReplicationController', controller);
}

const imageOf = (pod: Pod) => pod.spec.containers[0]?.image;
const isGoing = (pod: Pod) => pod.metadata.deletionTimestamp !== undefined;

describe('replication', () => {
  it('makes the pods, names them after the controller, and tells the status', async () => {
    const cluster = await createTestCluster();
    const loops = await startLoops(cluster, replication);
    await cluster.registry.create('ReplicationController', draftController('web', 3));
    await loops.settled();

    const pods = await podsOf(cluster);
    assert.equal(pods.length, 3);
    const controller = await getController(cluster);
    for (const { metadata } of pods) {
      assert.match(metadata.name, /^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
      assert.deepEqual(metadata.labels, { app: 'web' });
      assert.deepEqual(metadata.ownerReferences, [
        {
          apiVersion: 'v1',
          kind: 'ReplicationController',
          name: 'web',
          uid: controller.metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ]);
    }
    assert.deepEqual(controller.status, {
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 0,
      availableReplicas: 0,
      observedGeneration: 1,
    });
    assert.equal(loops.events.filter((event) => event.startsWith('SuccessfulCreate: Created pod: web-')).length, 3);
    await loops.stop();
  });

  it('is silent when settled', async () => {
    const cluster = await createTestCluster();
    const loops = await startLoops(cluster, replication);
    await cluster.registry.create('ReplicationController', draftController('web', 2));
    await loops.settled();
    const { writes } = loops;
    await cluster.clock.advance(30 * 60_000);
    await loops.settled();
    assert.equal(loops.writes, writes);
    await loops.stop();
  });

  it('replaces a pod that is removed, and one that is being deleted, under a new name', async () => {
    const cluster = await createTestCluster();
    const loops = await startLoops(cluster, replication);
    await cluster.registry.create('ReplicationController', draftController('web', 2));
    await loops.settled();
    const [first, second] = await podsOf(cluster);
    assert.ok(first && second);
    await cluster.registry.bindPod({ namespace: 'default', name: second.metadata.name }, second.metadata.uid, 'n1');

    await cluster.registry.delete('Pod', { namespace: 'default', name: first.metadata.name });
    await cluster.registry.delete('Pod', { namespace: 'default', name: second.metadata.name });
    await loops.settled();

    const pods = await podsOf(cluster);
    const names = pods.filter((pod) => !isGoing(pod)).map((pod) => pod.metadata.name);
    assert.equal(names.length, 2);
    assert.ok(!names.includes(first.metadata.name) && !names.includes(second.metadata.name));
    await loops.stop();
  });

  it('adopts what matches and is nobody’s, and lets go of what matches no more', async () => {
    const cluster = await createTestCluster();
    const loops = await startLoops(cluster, replication);
    await cluster.registry.create('Pod', draftPod('stray', 'web'));
    await cluster.registry.create('ReplicationController', draftController('web', 2));
    await loops.settled();
    const adopted = await cluster.registry.get('Pod', { namespace: 'default', name: 'stray' });
    assert.equal(adopted?.metadata.ownerReferences?.[0]?.name, 'web');
    assert.equal((await podsOf(cluster)).length, 2);

    await cluster.registry.update('Pod', { ...adopted, metadata: { ...adopted.metadata, labels: { app: 'debug' } } });
    await loops.settled();
    const released = await cluster.registry.get('Pod', { namespace: 'default', name: 'stray' });
    assert.equal(released?.metadata.ownerReferences?.length ?? 0, 0);
    assert.equal((await podsOf(cluster)).length, 3);
    await loops.stop();
  });

  it('leaves its pods alone when it is deleted', async () => {
    const cluster = await createTestCluster();
    const loops = await startLoops(cluster, replication);
    await cluster.registry.create('ReplicationController', draftController('web', 2));
    await loops.settled();
    await cluster.registry.delete('ReplicationController', WEB);
    await loops.settled();
    assert.equal((await podsOf(cluster)).length, 2);
    await loops.stop();
  });

  it('makes no duplicate, whichever write it dies after', async () => {
    for (let crashAfter = 1; crashAfter <= 8; crashAfter++) {
      const cluster = await createTestCluster();
      await cluster.registry.create('Pod', draftPod('stray', 'web'));
      await cluster.registry.create('ReplicationController', draftController('web', 5));
      const doomed = await startLoops(cluster, replication, { crashAfter });
      await doomed.settled();
      await doomed.stop();

      const names = new Set<string>();
      const seeing = seeingCreates(cluster.registry, (name) => names.add(name));
      const before = (await podsOf(cluster)).length;
      const loops = await startLoops(cluster, replication, { client: seeing });
      await loops.settled();
      assert.equal((await podsOf(cluster)).length, 5, `after ${crashAfter} writes`);
      assert.equal(names.size, 5 - before, `after ${crashAfter} writes: nothing was made to be deleted again`);
      await loops.stop();
    }
  });

  it('makes no duplicate where two masters work at once from the same picture', async () => {
    const cluster = await createTestCluster();
    const old = await startLoops(cluster, replication);
    const young = await startLoops(cluster, replication);
    await cluster.registry.create('ReplicationController', draftController('web', 20));
    await Promise.all([old.settled(), young.settled()]);
    assert.equal((await podsOf(cluster)).length, 20);
    assert.equal([...old.events, ...young.events].filter((event) => event.startsWith('SuccessfulDelete')).length, 0);
    await Promise.all([old.stop(), young.stop()]);
  });

  it('takes another name where a stranger has the one it claims', async () => {
    const probe = await createTestCluster();
    await probe.registry.create('ReplicationController', draftController('web', 1));
    const first = await startLoops(probe, replication);
    await first.settled();
    const name = (await podsOf(probe))[0]?.metadata.name;
    assert.ok(name);
    await first.stop();

    // The same seed gives the same uid, and so the same claim; the stranger comes between the look and the write.
    const cluster = await createTestCluster();
    await cluster.registry.create('ReplicationController', draftController('web', 1));
    let taken = false;
    const client: ObjectClient = intercept(cluster.registry, async () => {
      if (!taken) await cluster.registry.create('Pod', draftPod(name, 'stranger'));
      taken = true;
    });
    const loops = await startLoops(cluster, replication, { client });
    await loops.settled();
    await cluster.clock.advance(1_000);
    await loops.settled();
    const own = (await podsOf(cluster)).filter((pod) => pod.metadata.labels?.app === 'web');
    assert.equal(own.length, 1);
    assert.notEqual(own[0]?.metadata.name, name);
    await loops.stop();
  });

  it('says in the status why pods cannot be made, once, and takes it back', async () => {
    const cluster = await createTestCluster();
    let refuse = true;
    const client = intercept(cluster.registry, async () => {
      if (refuse) throw new SampanError('Forbidden', { resource: 'pods', name: 'web', detail: 'exceeded quota' });
    });
    const loops = await startLoops(cluster, replication, { client });
    await cluster.registry.create('ReplicationController', draftController('web', 2));
    await loops.settled();
    const told = (await getController(cluster)).status.conditions ?? [];
    assert.deepEqual(
      told.map(({ type, status, reason, message }) => ({ type, status, reason, message })),
      [
        {
          type: 'ReplicaFailure',
          status: 'True',
          reason: 'FailedCreate',
          message: 'pods "web" is forbidden: exceeded quota',
        },
      ],
    );
    assert.deepEqual(loops.events, ['FailedCreate: Error creating: pods "web" is forbidden: exceeded quota']);

    refuse = false;
    const controller = await getController(cluster);
    await cluster.registry.update('ReplicationController', {
      ...controller,
      spec: { ...controller.spec, replicas: 3 },
    });
    await loops.settled();
    assert.equal((await podsOf(cluster)).length, 3);
    assert.equal((await getController(cluster)).status.conditions, undefined);
    await loops.stop();
  });

  describe('a changed template', () => {
    /** Lets every pod become ready as soon as it is seen, and go as soon as it is told to, as a quick kubelet would. */
    async function rollOut(
      cluster: TestCluster,
      loops: { settled(): Promise<void> },
      becomesReady: (pod: Pod) => boolean,
    ) {
      let fewestReady = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 60; round++) {
        await loops.settled();
        const pods = await podsOf(cluster);
        const ready = pods.filter((pod) => !isGoing(pod) && pod.status.phase === 'Running');
        fewestReady = Math.min(fewestReady, ready.length);
        const going = pods.find(isGoing);
        const waiting = pods.find((pod) => pod.status.phase === 'Pending' && becomesReady(pod));
        if (going)
          await cluster.registry.delete(
            'Pod',
            { namespace: 'default', name: going.metadata.name },
            { gracePeriodSeconds: 0 },
          );
        else if (waiting) await runPod(cluster, waiting, round);
        else return { pods, fewestReady };
      }
      throw new Error('the rollout does not end');
    }

    async function runPod({ registry }: TestCluster, pod: Pod, number: number): Promise<void> {
      const { name, uid } = pod.metadata;
      await registry.bindPod({ namespace: 'default', name }, uid, 'n1');
      await reportPod(registry, name, `10.244.0.${number + 1}`);
    }

    async function running(replicas: number, metadata = {}) {
      const cluster = await createTestCluster();
      const loops = await startLoops(cluster, replication);
      await cluster.registry.create('ReplicationController', draftController('web', replicas, metadata));
      await rollOut(cluster, loops, () => true);
      return { cluster, loops };
    }

    it('rolls out where the controller came from a source, never with fewer ready pods than allowed', async () => {
      const { cluster, loops } = await running(10, SOURCE);
      await setImage(cluster, 'web:2');
      const { pods, fewestReady } = await rollOut(cluster, loops, () => true);
      assert.deepEqual(pods.map(imageOf), Array(10).fill('web:2'));
      assert.ok(fewestReady >= 8, `${fewestReady} were ready`);
      await loops.stop();
    });

    it('keeps the old pods, all of them, where no new one becomes ready', async () => {
      const { cluster, loops } = await running(10, SOURCE);
      await setImage(cluster, 'web:broken');
      const { pods } = await rollOut(cluster, loops, (pod) => imageOf(pod) !== 'web:broken');
      assert.equal(pods.filter((pod) => imageOf(pod) === 'web:1').length, 10);
      assert.equal(pods.filter((pod) => imageOf(pod) === 'web:broken').length, 3);

      // The fix goes through while the broken one is still there; so would a revert.
      await setImage(cluster, 'web:3');
      const fixed = await rollOut(cluster, loops, (pod) => imageOf(pod) !== 'web:broken');
      assert.deepEqual(fixed.pods.map(imageOf), Array(10).fill('web:3'));
      await loops.stop();
    });

    it('is taken back by the revert, and the pods that never changed are left alone', async () => {
      const { cluster, loops } = await running(4, SOURCE);
      const before = (await podsOf(cluster)).map((pod) => pod.metadata.uid).sort();
      await setImage(cluster, 'web:broken');
      await rollOut(cluster, loops, (pod) => imageOf(pod) !== 'web:broken');
      await setImage(cluster, 'web:1');
      const { pods } = await rollOut(cluster, loops, (pod) => imageOf(pod) !== 'web:broken');
      assert.deepEqual(pods.map((pod) => pod.metadata.uid).sort(), before);
      await loops.stop();
    });

    it('leaves adopted pods alone that admission has completed', async () => {
      const cluster = await createTestCluster();
      await cluster.registry.create('LimitRange', {
        apiVersion: 'v1',
        kind: 'LimitRange',
        metadata: { name: 'l', namespace: 'default' },
        spec: { limits: [{ type: 'Container', default: { cpu: '500m' }, defaultRequest: { memory: '64Mi' } }] },
      });
      for (const name of ['a', 'b']) {
        const pod = await cluster.registry.create('Pod', draftPod(name, 'web'));
        assert.equal(pod.spec.tolerations?.length, 2);
        assert.deepEqual(pod.spec.containers[0]?.resources?.limits, { cpu: '500m' });
        await runPod(cluster, pod, name === 'a' ? 1 : 2);
      }
      const loops = await startLoops(cluster, replication);
      await cluster.registry.create('ReplicationController', draftController('web', 2, SOURCE));
      const { pods } = await rollOut(cluster, loops, () => true);
      assert.deepEqual(pods.map((pod) => pod.metadata.name).sort(), ['a', 'b']);
      assert.ok(pods.every((pod) => controllerOf(pod)?.name === 'web'));
      await loops.stop();
    });

    it('stays with new pods only where the controller was made through the API', async () => {
      const { cluster, loops } = await running(2);
      await setImage(cluster, 'web:2');
      const untouched = await rollOut(cluster, loops, () => true);
      assert.deepEqual(untouched.pods.map(imageOf), ['web:1', 'web:1']);
      await loops.stop();
    });

    it('rolls out all the same, whichever write the daemon dies after', async () => {
      for (let crashAfter = 1; crashAfter <= 10; crashAfter++) {
        const { cluster, loops: first } = await running(4, SOURCE);
        await first.stop();
        await setImage(cluster, 'web:2');
        const doomed = await startLoops(cluster, replication, { crashAfter });
        await rollOut(cluster, doomed, () => true);
        await doomed.stop();
        const loops = await startLoops(cluster, replication);
        const { pods, fewestReady } = await rollOut(cluster, loops, () => true);
        assert.deepEqual(pods.map(imageOf), Array(4).fill('web:2'), `after ${crashAfter} writes`);
        assert.ok(fewestReady >= 3, `after ${crashAfter} writes ${fewestReady} were ready`);
        await loops.stop();
      }
    });
  });
});

/** A client that does something before each creation of a pod. */
function intercept(client: ObjectClient, before: (name: string) => Promise<void>): ObjectClient {
  return {
    get: (kind, key) => client.get(kind, key),
    list: (kind, options) => client.list(kind, options),
    watch: (kinds, options) => client.watch(kinds, options),
    update: (kind, object) => client.update(kind, object),
    updateStatus: (kind, object) => client.updateStatus(kind, object),
    finalizeNamespace: (namespace) => client.finalizeNamespace(namespace),
    bindPod: (key, uid, nodeName) => client.bindPod(key, uid, nodeName),
    delete: (kind, key, options) => client.delete(kind, key, options),
    async create(kind, draft) {
      if (kind === 'Pod') await before(draft.metadata.name ?? '');
      return client.create(kind, draft);
    },
  };
}

function seeingCreates(client: ObjectClient, see: (name: string) => void): ObjectClient {
  return intercept(client, async (name) => see(name));
}
