import assert from 'node:assert/strict';
import { createGarbageCollectorLoop } from '../../../reconcilers/garbage-collector/index.ts';
import type { OwnerReference } from '../../../reconcilers/objects/meta.ts';
import { draftController, draftPod } from '../../fakes/objects.ts';
import { type LoopDeps, startLoops } from '../../fakes/running-loops.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const WEB = { namespace: 'default', name: 'web' };
const garbageCollector = (deps: LoopDeps) => [createGarbageCollectorLoop(deps)];

async function ownedPods(cluster: TestCluster, count: number): Promise<void> {
  const { metadata } = await cluster.registry.create('ReplicationController', draftController('web', 0));
  const owner: OwnerReference = {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    name: 'web',
    uid: metadata.uid,
    controller: true,
  };
  for (let i = 0; i < count; i++) await makePod(cluster, `p${i}`, owner);
}

async function makePod(cluster: TestCluster, name: string, ...ownerReferences: OwnerReference[]): Promise<void> {
  const pod = draftPod(name, 'web');
  await cluster.registry.create('Pod', { ...pod, metadata: { ...pod.metadata, name, ownerReferences } });
}

async function namesOf({ registry }: TestCluster): Promise<string[]> {
  return (await registry.list('Pod')).items.map((pod) => pod.metadata.name);
}

describe('garbage collector', () => {
  it('deletes the pods of a controller that is deleted, and no others', async () => {
    const cluster = await createTestCluster();
    const loops = await startLoops(cluster, garbageCollector);
    await ownedPods(cluster, 3);
    await makePod(cluster, 'free');
    await loops.settled();
    assert.equal((await namesOf(cluster)).length, 4);
    await cluster.registry.delete('ReplicationController', WEB);
    await loops.settled();
    assert.deepEqual(await namesOf(cluster), ['free']);
    await loops.stop();
  });

  it('finds on start what lost its owner meanwhile', async () => {
    const cluster = await createTestCluster();
    await ownedPods(cluster, 2);
    await cluster.registry.delete('ReplicationController', WEB);
    const loops = await startLoops(cluster, garbageCollector);
    await loops.settled();
    assert.deepEqual(await namesOf(cluster), []);
    await loops.stop();
  });

  it('deletes what comes after its owner went, also where another took the name', async () => {
    const cluster = await createTestCluster();
    const loops = await startLoops(cluster, garbageCollector);
    await cluster.registry.create('ReplicationController', draftController('web', 0));
    await makePod(cluster, 'late', { apiVersion: 'v1', kind: 'ReplicationController', name: 'web', uid: 'another' });
    await loops.settled();
    assert.deepEqual(await namesOf(cluster), []);
    await loops.stop();
  });

  it('keeps what one of several owners still holds, and what belongs to kinds it does not know', async () => {
    const cluster = await createTestCluster();
    const loops = await startLoops(cluster, garbageCollector);
    const { metadata } = await cluster.registry.create('ReplicationController', draftController('web', 0));
    const gone: OwnerReference = { apiVersion: 'v1', kind: 'ReplicationController', name: 'gone', uid: 'gone' };
    await makePod(cluster, 'shared', gone, { ...gone, name: 'web', uid: metadata.uid });
    await makePod(cluster, 'foreign', { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: 'rs' });
    await loops.settled();
    assert.deepEqual(await namesOf(cluster), ['foreign', 'shared']);
    await loops.stop();
  });

  it('believes the store, not a cache that knows a pod before its owner', async () => {
    const cluster = await createTestCluster();
    await ownedPods(cluster, 1);
    const loops = await startLoops(cluster, (deps) => [
      createGarbageCollectorLoop({
        client: deps.client,
        cache: {
          ...bind(deps.cache),
          index: (kind, valuesOf) =>
            kind === 'ReplicationController' ? { get: () => [], has: () => false } : deps.cache.index(kind, valuesOf),
        },
      }),
    ]);
    await loops.settled();
    assert.deepEqual(await namesOf(cluster), ['p0']);
    await loops.stop();
  });
});

function bind(cache: LoopDeps['cache']) {
  return {
    revision: cache.revision,
    get: cache.get.bind(cache),
    list: cache.list.bind(cache),
    reached: cache.reached.bind(cache),
  };
}
