import assert from 'node:assert/strict';
import { createGarbageCollectorLoop } from '../../../reconcilers/garbage-collector/index.ts';
import type { ConfigMap } from '../../../reconcilers/objects/kinds/config-map.ts';
import type { Draft, KubeObject, OwnerReference } from '../../../reconcilers/objects/meta.ts';
import type { PropagationPolicy } from '../../../reconcilers/ports/object-client.ts';
import { createReplicationLoop } from '../../../reconcilers/replication/index.ts';
import { draftController, draftNode, draftPod } from '../../fakes/objects.ts';
import { type LoopDeps, type RunningLoops, startLoops } from '../../fakes/running-loops.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const WEB = { namespace: 'default', name: 'web' };
const garbageCollector = (deps: LoopDeps) => [createGarbageCollectorLoop(deps)];
const withReplication = (deps: LoopDeps) => [createGarbageCollectorLoop(deps), createReplicationLoop(deps)];

function ownerOf({ apiVersion, kind, metadata }: KubeObject, blockOwnerDeletion = true): OwnerReference {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid, blockOwnerDeletion };
}

function draftMap(name: string, ownerReferences: OwnerReference[] = [], namespace = 'default'): Draft<ConfigMap> {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, ownerReferences } };
}

/** `web` with two pods, made by the replication loop. */
async function controllerWithPods(cluster: TestCluster): Promise<void> {
  const loops = await startLoops(cluster, withReplication);
  await cluster.registry.create('ReplicationController', draftController('web', 2));
  await loops.settled();
  await loops.stop();
}

/** Pods that a node runs stop gracefully: their objects stay until it says that they have. */
async function runPods({ registry }: TestCluster): Promise<void> {
  for (const { metadata } of await podsOf(registry)) {
    await registry.bindPod({ namespace: 'default', name: metadata.name }, metadata.uid, 'n1');
  }
}

async function stopPods({ registry }: TestCluster): Promise<void> {
  for (const { metadata } of await podsOf(registry)) {
    await registry.delete('Pod', { namespace: 'default', name: metadata.name }, { gracePeriodSeconds: 0 });
  }
}

async function podsOf(registry: TestCluster['registry']) {
  return (await registry.list('Pod')).items;
}

async function mapNames({ registry }: TestCluster): Promise<string[]> {
  return (await registry.list('ConfigMap')).items.map(({ metadata }) => metadata.name);
}

async function exists({ registry }: TestCluster, name = 'web'): Promise<boolean> {
  return (await registry.get('ReplicationController', { namespace: 'default', name })) !== undefined;
}

describe('propagation of deletions', () => {
  it('orphan: the controller goes, its pods stay and have no owner', async () => {
    const cluster = await createTestCluster();
    await controllerWithPods(cluster);
    const loops = await startLoops(cluster, withReplication);
    await cluster.registry.delete('ReplicationController', WEB, { propagationPolicy: 'Orphan' });
    await loops.settled();
    assert.equal(await exists(cluster), false);
    const owners = (await podsOf(cluster.registry)).map(({ metadata }) => metadata.ownerReferences);
    assert.deepEqual(owners, [undefined, undefined]);
    await loops.stop();
  });

  it('foreground: the controller stays until its pods are gone, and makes no others', async () => {
    const cluster = await createTestCluster();
    await controllerWithPods(cluster);
    await runPods(cluster);
    const loops = await startLoops(cluster, withReplication);
    await cluster.registry.delete('ReplicationController', WEB, { propagationPolicy: 'Foreground' });
    await loops.settled();
    const pods = await podsOf(cluster.registry);
    assert.ok(pods.length === 2 && pods.every(({ metadata }) => metadata.deletionTimestamp !== undefined));
    assert.equal(await exists(cluster), true);
    await stopPods(cluster);
    await loops.settled();
    assert.deepEqual(await podsOf(cluster.registry), []);
    assert.equal(await exists(cluster), false);
    await loops.stop();
  });

  it('background: the controller goes first', async () => {
    const cluster = await createTestCluster();
    await controllerWithPods(cluster);
    await runPods(cluster);
    const loops = await startLoops(cluster, withReplication);
    await cluster.registry.delete('ReplicationController', WEB, { propagationPolicy: 'Background' });
    await loops.settled();
    assert.equal(await exists(cluster), false);
    assert.equal((await podsOf(cluster.registry)).length, 2);
    await loops.stop();
  });

  it('keeps a pod that a living controller owns too, without the owner that goes in the foreground', async () => {
    const cluster = await createTestCluster();
    const loops = await startLoops(cluster, garbageCollector);
    const going = await cluster.registry.create('ReplicationController', draftController('web', 0));
    const living = await cluster.registry.create('ReplicationController', draftController('other', 0));
    const pod = draftPod('shared', 'web');
    const ownerReferences = [ownerOf(going), ownerOf(living)];
    await cluster.registry.create('Pod', { ...pod, metadata: { ...pod.metadata, name: 'shared', ownerReferences } });
    await cluster.registry.delete('ReplicationController', WEB, { propagationPolicy: 'Foreground' });
    await loops.settled();
    assert.equal(await exists(cluster), false);
    const [kept] = await podsOf(cluster.registry);
    assert.deepEqual(
      kept?.metadata.ownerReferences?.map(({ name }) => name),
      ['other'],
    );
    await loops.stop();
  });

  it('is not held up by owners in a circle', async () => {
    const cluster = await createTestCluster();
    const { registry } = cluster;
    const loops = await startLoops(cluster, garbageCollector);
    const [one, two, three] = [
      await registry.create('ConfigMap', draftMap('one')),
      await registry.create('ConfigMap', draftMap('two')),
      await registry.create('ConfigMap', draftMap('three')),
    ];
    const owns = async (owner: ConfigMap, { metadata }: ConfigMap) => {
      const key = { namespace: 'default', name: metadata.name };
      const ownerReferences = [ownerOf(owner)];
      await registry.modify('ConfigMap', key, (map) => ({ ...map, metadata: { ...map.metadata, ownerReferences } }));
    };
    await owns(one, two);
    await owns(two, three);
    await owns(three, one);
    await registry.delete('ConfigMap', { namespace: 'default', name: 'one' }, { propagationPolicy: 'Foreground' });
    await loops.settled();
    assert.deepEqual(await mapNames(cluster), []);
    await loops.stop();
  });

  it('reaches the dependents of a cluster-scoped owner in every namespace', async () => {
    for (const propagationPolicy of ['Background', 'Foreground', 'Orphan'] as const) {
      const cluster = await createTestCluster();
      const { registry } = cluster;
      const loops = await startLoops(cluster, garbageCollector);
      await registry.create('Namespace', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'far' },
        spec: {},
        status: { phase: 'Active' },
      });
      const node = await registry.create('Node', draftNode('n1'));
      await registry.create('ConfigMap', draftMap('here', [ownerOf(node)]));
      await registry.create('ConfigMap', draftMap('there', [ownerOf(node)], 'far'));
      const other = await registry.create('Node', draftNode('n2'));
      const n2 = { namespace: '', name: 'n2' };
      const ownerReferences = [ownerOf(node)];
      await registry.modify('Node', n2, (each) => ({ ...each, metadata: { ...other.metadata, ownerReferences } }));
      await loops.settled();
      await registry.delete('Node', { namespace: '', name: 'n1' }, { propagationPolicy });
      await loops.settled();
      assert.equal(await registry.get('Node', { namespace: '', name: 'n1' }), undefined);
      const isKept = propagationPolicy === 'Orphan';
      assert.deepEqual(await mapNames(cluster), isKept ? ['here', 'there'] : []);
      assert.equal((await registry.get('Node', n2)) !== undefined, isKept);
      await loops.stop();
    }
  });

  it('takes an owner of another namespace for none', async () => {
    const cluster = await createTestCluster();
    const { registry } = cluster;
    const loops = await startLoops(cluster, garbageCollector);
    await registry.create('Namespace', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'far' },
      spec: {},
      status: { phase: 'Active' },
    });
    const owner = await registry.create('ConfigMap', draftMap('owner'));
    await registry.create('ConfigMap', draftMap('near', [ownerOf(owner)]));
    await registry.create('ConfigMap', draftMap('far', [ownerOf(owner)], 'far'));
    await loops.settled();
    assert.deepEqual(await mapNames(cluster), ['near', 'owner']);
    await loops.stop();
  });

  for (const propagationPolicy of ['Background', 'Foreground', 'Orphan'] as const) {
    it(`ends the same wherever the daemon is killed: ${propagationPolicy}`, async () => {
      for (let crashAfter = 1; ; crashAfter++) {
        const cluster = await createTestCluster();
        await controllerWithPods(cluster);
        await cluster.registry.delete('ReplicationController', WEB, { propagationPolicy });
        const first = await startLoops(cluster, withReplication, { crashAfter });
        await first.settled();
        const { writes } = first;
        await first.stop();
        await checkEnd(cluster, propagationPolicy, await startLoops(cluster, withReplication));
        if (writes < crashAfter) {
          assert.ok(crashAfter > 2, 'it had something to do');
          return;
        }
      }
    });
  }
});

async function checkEnd(cluster: TestCluster, policy: PropagationPolicy, loops: RunningLoops): Promise<void> {
  await loops.settled();
  assert.equal(await exists(cluster), false);
  const pods = await podsOf(cluster.registry);
  assert.equal(pods.length, policy === 'Orphan' ? 2 : 0);
  assert.ok(pods.every(({ metadata }) => metadata.ownerReferences === undefined));
  await loops.stop();
}
