import assert from 'node:assert/strict';
import type { ResourceQuota } from '../../../reconcilers/objects/kinds/resource-quota.ts';
import type { Draft } from '../../../reconcilers/objects/meta.ts';
import { createReplicationLoop } from '../../../reconcilers/replication/index.ts';
import { createResourceQuotaLoop } from '../../../reconcilers/resource-quota/index.ts';
import { draftController, draftPod } from '../../fakes/objects.ts';
import { type LoopDeps, type RunningLoops, startLoops } from '../../fakes/running-loops.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const QUOTA = { namespace: 'default', name: 'q' };
const WEB = { namespace: 'default', name: 'web' };
const quotas = (deps: LoopDeps) => [createResourceQuotaLoop(deps)];

function draftQuota(hard: Record<string, string>): Draft<ResourceQuota> {
  return { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { ...QUOTA }, spec: { hard }, status: {} };
}

async function statusOf({ registry }: TestCluster): Promise<ResourceQuota['status'] | undefined> {
  return (await registry.get('ResourceQuota', QUOTA))?.status;
}

async function later(cluster: TestCluster, loops: RunningLoops, ms = 250): Promise<void> {
  await cluster.clock.advance(ms);
  await loops.settled();
}

describe('resource quota', () => {
  let cluster: TestCluster;
  beforeEach(async () => {
    cluster = await createTestCluster();
  });

  it('counts what was there before, what comes and what goes', async () => {
    await cluster.registry.create('Pod', draftPod('a', 'web'));
    const loops = await startLoops(cluster, quotas);
    const quota = await cluster.registry.create('ResourceQuota', draftQuota({ pods: '5' }));
    await later(cluster, loops);
    assert.deepEqual(await statusOf(cluster), { hard: { pods: '5' }, used: { pods: '1' } });

    await cluster.registry.create('Pod', draftPod('b', 'web'));
    assert.deepEqual((await statusOf(cluster))?.used, { pods: '2' }, 'with the write itself');
    const { writes } = loops;
    await later(cluster, loops);
    assert.equal(loops.writes, writes, 'what admission has counted is not written again');

    await cluster.registry.delete('Pod', { namespace: 'default', name: 'a' });
    await later(cluster, loops);
    assert.deepEqual((await statusOf(cluster))?.used, { pods: '1' });

    const current = await cluster.registry.get('ResourceQuota', QUOTA);
    assert.ok(current);
    await cluster.registry.update('ResourceQuota', { ...current, spec: { hard: { pods: '7' } } });
    await later(cluster, loops);
    assert.deepEqual((await statusOf(cluster))?.hard, { pods: '7' });
    assert.equal(quota.metadata.uid, current.metadata.uid);
    await loops.stop();
  });

  it('gives back what a pod that has ended used', async () => {
    const loops = await startLoops(cluster, quotas);
    await cluster.registry.create('ResourceQuota', draftQuota({ pods: '1', 'count/pods': '5' }));
    await later(cluster, loops);
    const pod = await cluster.registry.create('Pod', draftPod('a', 'web'));
    await cluster.registry.updateStatus('Pod', { ...pod, status: { ...pod.status, phase: 'Succeeded' } });
    await later(cluster, loops);
    assert.deepEqual((await statusOf(cluster))?.used, { pods: '0', 'count/pods': '1' });
    await cluster.registry.create('Pod', draftPod('b', 'web'));
    await loops.stop();
  });

  it('never counts less than there is, while pods come and go at random', async () => {
    const loops = await startLoops(cluster, quotas);
    await cluster.registry.create('ResourceQuota', draftQuota({ pods: '6' }));
    await later(cluster, loops);
    for (let step = 0; step < 60; step++) {
      const pods = (await cluster.registry.list('Pod')).items;
      const victim = pods[Math.floor(cluster.random.next() * pods.length)];
      if (victim !== undefined && cluster.random.next() < 0.45) {
        await cluster.registry.delete('Pod', { namespace: 'default', name: victim.metadata.name });
      } else {
        await cluster.registry.create('Pod', draftPod(`p${step}`, 'web')).catch(() => undefined);
      }
      if (cluster.random.next() < 0.3) await cluster.clock.advance(300);
      const count = (await cluster.registry.list('Pod')).items.length;
      assert.ok(count <= 6);
      assert.ok(Number((await statusOf(cluster))?.used?.pods) >= count, `step ${step}`);
    }
    await later(cluster, loops, 1_000);
    const count = (await cluster.registry.list('Pod')).items.length;
    assert.equal((await statusOf(cluster))?.used?.pods, String(count));
    await loops.stop();
  });

  it('keeps a controller short of pods, which says so, goes on trying, and stops saying so', async () => {
    const loops = await startLoops(cluster, (deps) => [createReplicationLoop(deps), createResourceQuotaLoop(deps)]);
    await cluster.registry.create('ResourceQuota', draftQuota({ pods: '2' }));
    await later(cluster, loops);
    await cluster.registry.create('ReplicationController', draftController('web', 3));
    await later(cluster, loops, 5_000);
    const failing = await cluster.registry.get('ReplicationController', WEB);
    const [condition] = failing?.status.conditions ?? [];
    assert.equal(condition?.type, 'ReplicaFailure');
    assert.equal(condition?.status, 'True');
    assert.equal(condition?.reason, 'FailedCreate');
    assert.match(condition?.message ?? '', /^pods "web-\w{5}" is forbidden: exceeded quota: q, requested: pods=1/);
    assert.equal(failing?.status.replicas, 2);
    assert.ok(loops.events.some((event) => /FailedCreate: Error creating: pods "web-\w{5}" is forbidden/.test(event)));

    // Quiet while nothing changes: an attempt now and then, and no status written for it.
    const { writes } = loops;
    await later(cluster, loops, 60_000);
    const written = await cluster.registry.get('ReplicationController', WEB);
    assert.equal(written?.metadata.resourceVersion, failing?.metadata.resourceVersion);
    assert.ok(loops.writes - writes < 15, `${loops.writes - writes} attempts in a minute`);

    // Room is made: by the quota, without a word to the controller.
    const quota = await cluster.registry.get('ResourceQuota', QUOTA);
    assert.ok(quota);
    await cluster.registry.update('ResourceQuota', { ...quota, spec: { hard: { pods: '3' } } });
    await later(cluster, loops, 130_000);
    const whole = await cluster.registry.get('ReplicationController', WEB);
    assert.equal(whole?.status.replicas, 3);
    assert.equal(whole?.status.conditions, undefined);
    await loops.stop();
  });

  it('is right wherever the process is killed', async () => {
    const both = (deps: LoopDeps) => [createReplicationLoop(deps), createResourceQuotaLoop(deps)];
    for (let crashAfter = 1; crashAfter <= 8; crashAfter++) {
      const own = await createTestCluster();
      await own.registry.create('ResourceQuota', draftQuota({ pods: '3' }));
      await own.registry.create('ReplicationController', draftController('web', 5));
      const dying = await startLoops(own, both, { crashAfter });
      await later(own, dying, 2_000);
      await dying.stop();
      const loops = await startLoops(own, both);
      await later(own, loops, 5_000);
      assert.equal((await own.registry.list('Pod')).items.length, 3, `pods after a crash at write ${crashAfter}`);
      assert.deepEqual((await statusOf(own))?.used, { pods: '3' });
      await loops.stop();
    }
  });

  it('lets a controller be scaled down to what fits', async () => {
    const loops = await startLoops(cluster, (deps) => [createReplicationLoop(deps), createResourceQuotaLoop(deps)]);
    await cluster.registry.create('ResourceQuota', draftQuota({ pods: '2' }));
    await later(cluster, loops);
    await cluster.registry.create('ReplicationController', draftController('web', 3));
    await later(cluster, loops, 5_000);
    const failing = await cluster.registry.get('ReplicationController', WEB);
    assert.equal(failing?.status.conditions?.[0]?.type, 'ReplicaFailure');
    await cluster.registry.update('ReplicationController', { ...failing, spec: { ...failing.spec, replicas: 2 } });
    await later(cluster, loops);
    assert.equal((await cluster.registry.get('ReplicationController', WEB))?.status.conditions, undefined);
    await loops.stop();
  });
});
