import assert from 'node:assert/strict';
import { createSchedulerLoop } from '../../../reconcilers/scheduler/index.ts';
import { draftNode, draftPod, podSpec } from '../../fakes/objects.ts';
import { type LoopDeps, startLoops } from '../../fakes/running-loops.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const scheduler = (deps: LoopDeps) => [createSchedulerLoop(deps)];

function asking(name: string, cpu: string, nodeSelector?: Record<string, string>) {
  const pod = draftPod(name, 'web');
  const [container] = podSpec('web').containers;
  assert.ok(container);
  pod.spec = {
    ...pod.spec,
    containers: [{ ...container, resources: { requests: { cpu } } }],
    ...(nodeSelector && { nodeSelector }),
  };
  return pod;
}

async function nodeOf({ registry }: TestCluster, name: string): Promise<string | undefined> {
  return (await registry.get('Pod', { namespace: 'default', name }))?.spec.nodeName;
}

async function whyNot({ registry }: TestCluster, name: string): Promise<string | undefined> {
  const pod = await registry.get('Pod', { namespace: 'default', name });
  const condition = pod?.status.conditions?.find(({ type }) => type === 'PodScheduled');
  return condition?.status === 'False' ? `${condition.reason}: ${condition.message}` : undefined;
}

describe('scheduler', () => {
  it('spreads pods over the nodes and says so', async () => {
    const cluster = await createTestCluster();
    for (const name of ['n1', 'n2', 'n3']) await cluster.registry.create('Node', draftNode(name));
    const loops = await startLoops(cluster, scheduler);
    for (const name of ['a', 'b', 'c']) await cluster.registry.create('Pod', draftPod(name, 'web'));
    await loops.settled();
    const nodes = await Promise.all(['a', 'b', 'c'].map((name) => nodeOf(cluster, name)));
    assert.deepEqual(new Set(nodes), new Set(['n1', 'n2', 'n3']));
    assert.ok(loops.events.includes(`Scheduled: Successfully assigned default/a to ${await nodeOf(cluster, 'a')}`));
    await loops.stop();
  });

  it('never overcommits, however many pods come at once, and places the rest when room is made', async () => {
    const cluster = await createTestCluster();
    for (const name of ['n1', 'n2']) await cluster.registry.create('Node', draftNode(name, { cpu: '1' }));
    for (let i = 0; i < 12; i++) await cluster.registry.create('Pod', asking(`p${i}`, '300m'));
    const loops = await startLoops(cluster, scheduler);
    await loops.settled();

    const placed = (await cluster.registry.list('Pod')).items.filter((pod) => pod.spec.nodeName !== undefined);
    const perNode = Map.groupBy(placed, (pod) => pod.spec.nodeName);
    assert.deepEqual(
      [...perNode.values()].map((pods) => pods.length),
      [3, 3],
    );
    const waiting = (await cluster.registry.list('Pod')).items.find((pod) => pod.spec.nodeName === undefined);
    assert.ok(waiting && placed[0]);
    assert.equal(
      await whyNot(cluster, waiting.metadata.name),
      'Unschedulable: 0/2 nodes are available: 2 Insufficient cpu.',
    );
    assert.equal(loops.events.filter((event) => event.startsWith('FailedScheduling')).length, 6);

    await cluster.registry.delete(
      'Pod',
      { namespace: 'default', name: placed[0].metadata.name },
      { gracePeriodSeconds: 0 },
    );
    await loops.settled();
    const after = (await cluster.registry.list('Pod')).items.filter((pod) => pod.spec.nodeName !== undefined);
    assert.equal(after.length, 6);
    await loops.stop();
  });

  it('tells the reason per node, tells it again only when it changes, and looks again when a node does', async () => {
    const cluster = await createTestCluster();
    const loops = await startLoops(cluster, scheduler);
    await cluster.registry.create('Pod', asking('big', '3', { disk: 'ssd' }));
    await loops.settled();
    assert.equal(await whyNot(cluster, 'big'), 'Unschedulable: no nodes available to schedule pods');

    const cordoned = draftNode('n1', { cpu: '8' });
    cordoned.spec.unschedulable = true;
    cordoned.metadata.labels = { disk: 'ssd' };
    const small = draftNode('n2');
    small.metadata.labels = { disk: 'ssd' };
    const node = await cluster.registry.create('Node', cordoned);
    await cluster.registry.create('Node', small);
    await cluster.registry.create('Node', draftNode('n3', { cpu: '8' }));
    await loops.settled();
    assert.equal(
      await whyNot(cluster, 'big'),
      "Unschedulable: 0/3 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) were unschedulable.",
    );

    await cluster.registry.update('Node', { ...node, spec: {} });
    await loops.settled();
    assert.equal(await nodeOf(cluster, 'big'), 'n1');
    await loops.stop();
  });

  it('leaves pods of other schedulers, and those that have a node, alone', async () => {
    const cluster = await createTestCluster();
    await cluster.registry.create('Node', draftNode('n1'));
    await cluster.registry.create('Pod', draftPod('theirs', 'web', { schedulerName: 'theirs' }));
    await cluster.registry.create('Pod', draftPod('pinned', 'web', { nodeName: 'elsewhere' }));
    const loops = await startLoops(cluster, scheduler);
    await loops.settled();
    assert.equal(loops.writes, 0);
    await loops.stop();
  });

  it('binds the rest where one pod of a batch was taken meanwhile', async () => {
    const cluster = await createTestCluster();
    await cluster.registry.create('Node', draftNode('n1'));
    for (let i = 0; i < 5; i++) await cluster.registry.create('Pod', draftPod(`p${i}`, 'web'));
    const { registry } = cluster;
    const client = Object.create(registry, {
      bindPod: {
        value: async (key: { namespace: string; name: string }, uid: string, node: string) => {
          if (key.name === 'p0') await registry.bindPod(key, uid, 'n9').catch(() => undefined);
          return registry.bindPod(key, uid, node);
        },
      },
    });
    const loops = await startLoops(cluster, scheduler, { client });
    await loops.settled();
    const nodes = (await cluster.registry.list('Pod')).items.map((pod) => pod.spec.nodeName);
    assert.deepEqual(nodes, ['n9', 'n1', 'n1', 'n1', 'n1']);
    await loops.stop();
  });
});
