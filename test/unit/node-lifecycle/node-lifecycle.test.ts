import assert from 'node:assert/strict';
import { createNodeLifecycleLoop } from '../../../reconcilers/node-lifecycle/index.ts';
import { toMicroTime } from '../../../reconcilers/objects/meta.ts';
import { draftNode, draftPod, reportPod } from '../../fakes/objects.ts';
import { type LoopDeps, startLoops } from '../../fakes/running-loops.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const nodeLifecycle = (deps: LoopDeps) => [
  createNodeLifecycleLoop({ ...deps, options: { clusterCidr: '10.244.0.0/16' } }),
];

/** Two nodes, a pod on each, ready. */
async function twoNodes(): Promise<TestCluster> {
  const cluster = await createTestCluster();
  await cluster.registry.create('Namespace', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'kube-node-lease' },
    spec: {},
    status: { phase: 'Active' },
  });
  for (const [i, name] of ['n1', 'n2'].entries()) {
    await cluster.registry.create('Node', draftNode(name));
    await beat(cluster, name);
    await cluster.registry.create('Pod', draftPod(`on-${name}`, 'web', { nodeName: name }));
    await reportPod(cluster.registry, `on-${name}`, `10.244.${i}.2`);
  }
  return cluster;
}

async function beat({ registry, clock }: TestCluster, name: string): Promise<void> {
  const key = { namespace: 'kube-node-lease', name };
  const renewTime = toMicroTime(clock.now());
  const lease = await registry.get('Lease', key);
  if (lease) await registry.update('Lease', { ...lease, spec: { ...lease.spec, renewTime } });
  else
    await registry.create('Lease', {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { ...key },
      spec: { holderIdentity: name, leaseDurationSeconds: 10, renewTime },
    });
}

/** Lets the time pass in steps of 2 s, in which the named nodes are heard. */
async function pass(cluster: TestCluster, seconds: number, ...heard: string[]): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 2) {
    for (const name of heard) await beat(cluster, name);
    await cluster.clock.advance(2_000);
  }
}

async function readyOf({ registry }: TestCluster, name: string): Promise<string | undefined> {
  const node = await registry.get('Node', { namespace: '', name });
  return node?.status.conditions?.find(({ type }) => type === 'Ready')?.status;
}

async function podOn({ registry }: TestCluster, node: string) {
  return registry.get('Pod', { namespace: 'default', name: `on-${node}` });
}

describe('node lifecycle', () => {
  it('gives each node addresses of its own for its pods', async () => {
    const cluster = await twoNodes();
    const loops = await startLoops(cluster, nodeLifecycle);
    await cluster.registry.create('Node', draftNode('n3'));
    await loops.settled();
    const cidrs = (await cluster.registry.list('Node')).items.map((node) => node.spec.podCIDR);
    assert.deepEqual(cidrs, ['10.244.0.0/24', '10.244.1.0/24', '10.244.2.0/24']);

    await cluster.registry.delete('Node', { namespace: '', name: 'n2' });
    await cluster.registry.create('Node', draftNode('n4'));
    await loops.settled();
    assert.equal((await cluster.registry.get('Node', { namespace: '', name: 'n4' }))?.spec.podCIDR, '10.244.1.0/24');
    await loops.stop();
  });

  it("gives none beside a node whose pods others cannot reach, says so, and gives them when that node's are others", async () => {
    const cluster = await createTestCluster();
    const { registry } = cluster;
    const first = await registry.create('Node', { ...draftNode('n1'), spec: { podCIDR: '172.17.0.0/16' } });
    await registry.create('Node', draftNode('n2'));
    const loops = await startLoops(cluster, nodeLifecycle);
    const second = async () => {
      await loops.settled();
      const { spec, status } = (await registry.get('Node', { namespace: '', name: 'n2' })) ?? assert.fail();
      const unavailable = status.conditions?.find(({ type }) => type === 'NetworkUnavailable');
      return { podCIDR: spec.podCIDR, taints: spec.taints?.map(({ key }) => key) ?? [], unavailable };
    };
    const refused = await second();
    assert.deepEqual([refused.podCIDR, refused.unavailable?.status], [undefined, 'True']);
    assert.match(
      refused.unavailable?.message ?? '',
      /node n1 have 172\.17\.0\.0\/16.*on n1 with --cluster-cidr 10\.244/,
    );
    assert.deepEqual(refused.taints, ['node.kubernetes.io/network-unavailable']);

    await registry.update('Node', { ...first, metadata: { ...first.metadata, resourceVersion: '' }, spec: {} });
    const given = await second();
    assert.match(given.podCIDR ?? '', /^10\.244\.[01]\.0\/24$/);
    assert.deepEqual([given.taints, given.unavailable?.status], [[], 'False']);
    await loops.stop();
  });

  it('calls a silent node unknown, takes its pods from Services, and later evicts them', async () => {
    const cluster = await twoNodes();
    const loops = await startLoops(cluster, nodeLifecycle);
    await loops.settled();
    await pass(cluster, 8, 'n1');
    assert.equal(await readyOf(cluster, 'n2'), 'True');

    await pass(cluster, 6, 'n1');
    await loops.settled();
    assert.equal(await readyOf(cluster, 'n1'), 'True');
    assert.equal(await readyOf(cluster, 'n2'), 'Unknown');
    const silent = await podOn(cluster, 'n2');
    assert.equal(silent?.status.conditions?.find(({ type }) => type === 'Ready')?.status, 'False');
    assert.equal(silent.metadata.deletionTimestamp, undefined);

    await pass(cluster, 32, 'n1');
    await loops.settled();
    assert.ok((await podOn(cluster, 'n2'))?.metadata.deletionTimestamp, 'marked, so that another takes its place');
    assert.equal((await podOn(cluster, 'n1'))?.metadata.deletionTimestamp, undefined);
    await loops.stop();
  });

  it('evicts nothing of a node that is heard again in time', async () => {
    const cluster = await twoNodes();
    const loops = await startLoops(cluster, nodeLifecycle);
    await loops.settled();
    await pass(cluster, 30, 'n1');
    await pass(cluster, 120, 'n1', 'n2');
    await loops.settled();
    assert.equal((await podOn(cluster, 'n2'))?.metadata.deletionTimestamp, undefined);
    await loops.stop();
  });

  it('evicts nothing on old news: a master that starts waits as long as any', async () => {
    const cluster = await twoNodes();
    await cluster.clock.advance(3_600_000);
    const loops = await startLoops(cluster, nodeLifecycle);
    await loops.settled();
    assert.equal(await readyOf(cluster, 'n1'), 'True');
    await pass(cluster, 60, 'n1', 'n2');
    assert.equal((await podOn(cluster, 'n1'))?.metadata.deletionTimestamp, undefined);
    await loops.stop();
  });

  it('evicts nothing where every node is silent, nor when the first is heard again after that', async () => {
    const cluster = await twoNodes();
    const loops = await startLoops(cluster, nodeLifecycle);
    await loops.settled();
    await pass(cluster, 300);
    await pass(cluster, 10, 'n1');
    await pass(cluster, 60, 'n1', 'n2');
    await loops.settled();
    for (const name of ['n1', 'n2']) assert.equal((await podOn(cluster, name))?.metadata.deletionTimestamp, undefined);
    await loops.stop();
  });

  it('waits as long as a node’s lease says', async () => {
    const cluster = await twoNodes();
    const lease = await cluster.registry.get('Lease', { namespace: 'kube-node-lease', name: 'n2' });
    assert.ok(lease);
    await cluster.registry.update('Lease', { ...lease, spec: { ...lease.spec, leaseDurationSeconds: 40 } });
    const loops = await startLoops(cluster, nodeLifecycle);
    await loops.settled();
    await pass(cluster, 36, 'n1');
    assert.equal(await readyOf(cluster, 'n2'), 'True');
    await pass(cluster, 6, 'n1');
    await loops.settled();
    assert.equal(await readyOf(cluster, 'n2'), 'Unknown');
    await loops.stop();
  });

  it('removes the pods of a node that was deleted, after a while', async () => {
    const cluster = await twoNodes();
    const loops = await startLoops(cluster, nodeLifecycle);
    await loops.settled();
    await cluster.registry.delete('Node', { namespace: '', name: 'n2' });
    await pass(cluster, 30, 'n1');
    assert.ok(await podOn(cluster, 'n2'));
    await pass(cluster, 12, 'n1');
    await loops.settled();
    assert.equal(await podOn(cluster, 'n2'), undefined);
    assert.ok(await podOn(cluster, 'n1'));
    await loops.stop();
  });

  it('waits anew after it stood still', async () => {
    const cluster = await twoNodes();
    const loops = await startLoops(cluster, nodeLifecycle);
    await loops.settled();
    cluster.clock.jump(3_600_000);
    await cluster.clock.advance(0);
    await loops.settled();
    assert.equal(await readyOf(cluster, 'n1'), 'True');
    await pass(cluster, 6);
    assert.equal(await readyOf(cluster, 'n1'), 'True');
    await loops.stop();
  });

  describe('a NoExecute taint', () => {
    const TAINT = { key: 'example.com/dead', effect: 'NoExecute' } as const;
    const taint = async ({ registry }: TestCluster, taints: readonly (typeof TAINT)[]) => {
      await registry.modify('Node', { namespace: '', name: 'n1' }, (node) => ({
        ...node,
        spec: { ...node.spec, taints: [...taints] },
      }));
    };
    const tolerant = async ({ registry }: TestCluster, name: string, tolerationSeconds: number) => {
      const toleration = { key: TAINT.key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds } as const;
      await registry.create('Pod', draftPod(name, 'web', { nodeName: 'n1', tolerations: [toleration] }));
      await reportPod(registry, name, '10.244.0.9');
    };
    const isGoing = async ({ registry }: TestCluster, name: string) =>
      (await registry.get('Pod', { namespace: 'default', name }))?.metadata.deletionTimestamp !== undefined;

    it('drives away at once what does not tolerate it, and others when their time is up', async () => {
      const cluster = await twoNodes();
      await tolerant(cluster, 'short', 20);
      await tolerant(cluster, 'long', 3_600);
      const loops = await startLoops(cluster, nodeLifecycle);
      await taint(cluster, [TAINT]);
      await loops.settled();
      assert.ok(await isGoing(cluster, 'on-n1'));
      const target = (await podOn(cluster, 'n1'))?.status.conditions?.find(({ type }) => type === 'DisruptionTarget');
      assert.equal(target?.reason, 'DeletionByTaintManager');
      assert.ok(loops.events.includes('TaintManagerEviction: Marking for deletion Pod default/on-n1'));
      assert.equal(await isGoing(cluster, 'on-n2'), false);

      await pass(cluster, 18, 'n1', 'n2');
      assert.equal(await isGoing(cluster, 'short'), false);
      await pass(cluster, 4, 'n1', 'n2');
      assert.ok(await isGoing(cluster, 'short'));
      assert.equal(await isGoing(cluster, 'long'), false);
      await loops.stop();
    });

    it('does nothing more once it is taken away', async () => {
      const cluster = await twoNodes();
      await tolerant(cluster, 'short', 20);
      const loops = await startLoops(cluster, nodeLifecycle);
      await taint(cluster, [TAINT]);
      await pass(cluster, 10, 'n1', 'n2');
      await taint(cluster, []);
      await pass(cluster, 60, 'n1', 'n2');
      assert.equal(await isGoing(cluster, 'short'), false);
      await loops.stop();
    });

    it('is tolerated no longer for a restart of the daemon', async () => {
      const cluster = await twoNodes();
      await tolerant(cluster, 'short', 20);
      const first = await startLoops(cluster, nodeLifecycle);
      await taint(cluster, [TAINT]);
      await pass(cluster, 10, 'n1', 'n2');
      await first.stop();
      const second = await startLoops(cluster, nodeLifecycle);
      await pass(cluster, 12, 'n1', 'n2');
      assert.ok(await isGoing(cluster, 'short'));
      await second.stop();
    });

    it('drives away what comes later, too', async () => {
      const cluster = await twoNodes();
      const loops = await startLoops(cluster, nodeLifecycle);
      await taint(cluster, [TAINT]);
      await loops.settled();
      await cluster.registry.create('Pod', draftPod('late', 'web', { nodeName: 'n1' }));
      await loops.settled();
      assert.ok(await isGoing(cluster, 'late'));
      await loops.stop();
    });
  });
});
