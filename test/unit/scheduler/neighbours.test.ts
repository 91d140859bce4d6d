import assert from 'node:assert/strict';
import type { PodSpec } from '../../../reconcilers/objects/pod.ts';
import { createSchedulerLoop } from '../../../reconcilers/scheduler/index.ts';
import { draftNode, draftPod } from '../../fakes/objects.ts';
import { type LoopDeps, startLoops } from '../../fakes/running-loops.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const HOST = 'kubernetes.io/hostname';
const ZONE = 'topology.kubernetes.io/zone';

const scheduler = (deps: LoopDeps) => [createSchedulerLoop(deps)];
const keyOf = (name: string) => ({ namespace: 'default', name });

function beside(app: string, kind: 'podAffinity' | 'podAntiAffinity', topologyKey = HOST): Partial<PodSpec> {
  const term = { topologyKey, labelSelector: { matchLabels: { app } } };
  return { affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } };
}

async function clusterOf(zones: readonly string[]): Promise<TestCluster> {
  const cluster = await createTestCluster();
  for (const [i, zone] of zones.entries()) {
    const node = draftNode(`n${i + 1}`);
    node.metadata.labels = { ...node.metadata.labels, [ZONE]: zone };
    await cluster.registry.create('Node', node);
  }
  return cluster;
}

async function nodesOf({ registry }: TestCluster): Promise<Record<string, string | undefined>> {
  const { items } = await registry.list('Pod');
  return Object.fromEntries(items.map(({ metadata, spec }) => [metadata.name, spec.nodeName]));
}

describe('the scheduler and other pods', () => {
  it('says of each node why a pod’s neighbours or the node itself forbid it', async () => {
    const cluster = await clusterOf(['a', 'a', 'b']);
    const loops = await startLoops(cluster, scheduler);
    await cluster.registry.create('Pod', draftPod('one', 'web', { nodeName: 'n1' }));
    await cluster.registry.create('Pod', draftPod('two', 'web', { nodeName: 'n2' }));
    const affinity = {
      ...beside('web', 'podAntiAffinity').affinity,
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: ZONE, operator: 'In' as const, values: ['a'] }] }],
        },
      },
    };
    await cluster.registry.create('Pod', draftPod('three', 'web', { affinity }));
    await loops.settled();
    const message =
      "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 2 node(s) didn't match pod anti-affinity rules.";
    const pod = await cluster.registry.get('Pod', keyOf('three'));
    assert.equal(pod?.status.conditions?.find(({ type }) => type === 'PodScheduled')?.message, message);
    assert.ok(loops.events.includes(`FailedScheduling: ${message}`));

    // Room is made where it may go.
    await cluster.registry.delete('Pod', keyOf('two'), { gracePeriodSeconds: 0 });
    await loops.settled();
    assert.equal((await nodesOf(cluster)).three, 'n2');
    await loops.stop();
  });

  it('places what waits for another pod when that one comes, or gets the label', async () => {
    const cluster = await clusterOf(['a', 'b']);
    const loops = await startLoops(cluster, scheduler);
    await cluster.registry.create('Pod', draftPod('follower', 'web', beside('db', 'podAffinity')));
    await cluster.registry.create('Pod', draftPod('admirer', 'web', beside('cache', 'podAffinity')));
    await loops.settled();
    assert.deepEqual(await nodesOf(cluster), { follower: undefined, admirer: undefined });

    await cluster.registry.create('Pod', draftPod('db', 'db', { nodeSelector: { [ZONE]: 'b' } }));
    await loops.settled();
    assert.deepEqual(await nodesOf(cluster), { db: 'n2', follower: 'n2', admirer: undefined });

    const db = await cluster.registry.get('Pod', keyOf('db'));
    assert.ok(db);
    await cluster.registry.update('Pod', { ...db, metadata: { ...db.metadata, labels: { app: 'cache' } } });
    await loops.settled();
    assert.equal((await nodesOf(cluster)).admirer, 'n2');
    await loops.stop();
  });

  it('keeps newcomers away from a pod that wants none beside it', async () => {
    const cluster = await clusterOf(['a', 'a', 'b']);
    const loops = await startLoops(cluster, scheduler);
    const pinned = { ...beside('web', 'podAntiAffinity', ZONE), nodeName: 'n1' };
    await cluster.registry.create('Pod', draftPod('loner', 'loner', pinned));
    for (const name of ['a', 'b', 'c']) await cluster.registry.create('Pod', draftPod(name, 'web'));
    await loops.settled();
    assert.deepEqual(await nodesOf(cluster), { loner: 'n1', a: 'n3', b: 'n3', c: 'n3' });
    await loops.stop();
  });

  it('follows the labels of namespaces', async () => {
    const cluster = await clusterOf(['a', 'b']);
    const loops = await startLoops(cluster, scheduler);
    const blue = await cluster.registry.create('Namespace', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'blue' },
      spec: { finalizers: [] },
      status: { phase: 'Active' },
    });
    const db = draftPod('db', 'db', { nodeName: 'n2' });
    await cluster.registry.create('Pod', { ...db, metadata: { ...db.metadata, namespace: 'blue' } });
    const term = {
      topologyKey: HOST,
      labelSelector: { matchLabels: { app: 'db' } },
      namespaceSelector: { matchLabels: { team: 'data' } },
    };
    const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    await cluster.registry.create('Pod', draftPod('web', 'web', { affinity }));
    await loops.settled();
    assert.equal((await nodesOf(cluster)).web, undefined);

    const labels = { ...blue.metadata.labels, team: 'data' };
    await cluster.registry.update('Namespace', { ...blue, metadata: { ...blue.metadata, labels } });
    await loops.settled();
    assert.equal((await nodesOf(cluster)).web, 'n2');
    await loops.stop();
  });

  it('spreads a batch over zones as asked, however many come at once', async () => {
    const cluster = await clusterOf(['a', 'a', 'a', 'b']);
    const topologySpreadConstraints = [
      {
        maxSkew: 1,
        topologyKey: ZONE,
        whenUnsatisfiable: 'DoNotSchedule' as const,
        labelSelector: { matchLabels: { app: 'web' } },
      },
    ];
    for (let i = 0; i < 10; i++) {
      await cluster.registry.create('Pod', draftPod(`p${i}`, 'web', { topologySpreadConstraints }));
    }
    const loops = await startLoops(cluster, scheduler);
    await loops.settled();
    const inB = Object.values(await nodesOf(cluster)).filter((node) => node === 'n4');
    assert.equal(inB.length, 5);
    await loops.stop();
  });
});
