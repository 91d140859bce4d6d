import assert from 'node:assert/strict';
import { createEndpointSlicesLoop } from '../../../reconcilers/endpoint-slices/index.ts';
import type { EndpointSlice } from '../../../reconcilers/objects/kinds/endpoint-slice.ts';
import { draftPod, draftService, reportPod } from '../../fakes/objects.ts';
import { type LoopDeps, type RunningLoops, startLoops } from '../../fakes/running-loops.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const GATHER_MS = 500;
const WEB = { namespace: 'default', name: 'web' };
const slices = (deps: LoopDeps) => [createEndpointSlicesLoop(deps)];

async function makePod(cluster: TestCluster, name: string, ip: string, ready = true): Promise<void> {
  await cluster.registry.create('Pod', draftPod(name, 'web', { nodeName: 'n1' }));
  await reportPod(cluster.registry, name, ip, ready);
}

async function gathered(cluster: TestCluster, loops: RunningLoops): Promise<void> {
  await cluster.clock.advance(GATHER_MS);
  await loops.settled();
}

async function stored({ registry }: TestCluster): Promise<EndpointSlice[]> {
  return (await registry.list('EndpointSlice')).items;
}

async function readyAddresses(cluster: TestCluster): Promise<string[]> {
  const endpoints = (await stored(cluster)).flatMap((slice) => slice.endpoints);
  return endpoints.filter(({ conditions }) => conditions?.ready).flatMap(({ addresses }) => addresses);
}

describe('endpoint slices', () => {
  let cluster: TestCluster;
  beforeEach(async () => {
    cluster = await createTestCluster();
  });

  it('follow the pods, in one slice that stays the same', async () => {
    const loops = await startLoops(cluster, slices);
    const service = await cluster.registry.create('Service', draftService('web'));
    await gathered(cluster, loops);
    const [empty] = await stored(cluster);
    assert.match(empty?.metadata.name ?? '', /^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    assert.equal(empty?.metadata.ownerReferences?.[0]?.uid, service.metadata.uid);

    await makePod(cluster, 'a', '10.244.0.2');
    await makePod(cluster, 'b', '10.244.0.3', false);
    await gathered(cluster, loops);
    assert.deepEqual(await readyAddresses(cluster), ['10.244.0.2']);

    await cluster.registry.delete('Pod', { namespace: 'default', name: 'a' });
    await gathered(cluster, loops);
    const [slice, ...others] = await stored(cluster);
    assert.deepEqual(others, []);
    assert.equal(slice?.metadata.uid, empty?.metadata.uid);
    assert.deepEqual(slice?.endpoints[0]?.conditions, { ready: false, serving: true, terminating: true });

    await cluster.registry.delete('Service', WEB);
    await gathered(cluster, loops);
    assert.deepEqual(await stored(cluster), []);
    await loops.stop();
  });

  it('write twice for fifty pods that start together: for the first at once, for the others after a pause', async () => {
    const loops = await startLoops(cluster, slices);
    await cluster.registry.create('Service', draftService('web'));
    await gathered(cluster, loops);
    assert.equal(loops.writes, 1);
    for (let i = 0; i < 50; i++) await makePod(cluster, `p${i}`, `10.244.0.${i + 2}`);
    await loops.settled();
    assert.deepEqual(await readyAddresses(cluster), ['10.244.0.2']);
    await gathered(cluster, loops);
    assert.equal(loops.writes, 3);
    assert.equal((await readyAddresses(cluster)).length, 50);
    await loops.stop();
  });

  it('are written a few times for fifty pods that start one after the other', async () => {
    await cluster.registry.create('Service', draftService('web'));
    const loops = await startLoops(cluster, slices);
    await loops.settled();
    const { writes } = loops;
    for (let i = 0; i < 50; i++) {
      await makePod(cluster, `p${i}`, `10.244.0.${i + 2}`);
      await cluster.clock.advance(100);
    }
    await gathered(cluster, loops);
    assert.equal((await readyAddresses(cluster)).length, 50);
    assert.ok(loops.writes - writes <= 11, `${loops.writes - writes} writes in five seconds`);
    await loops.stop();
  });

  it('lose a pod at once, and take along what waited', async () => {
    await cluster.registry.create('Service', draftService('web'));
    await makePod(cluster, 'a', '10.244.0.2');
    const loops = await startLoops(cluster, slices);
    await loops.settled();
    await makePod(cluster, 'b', '10.244.0.3');
    await loops.settled();
    assert.deepEqual(await readyAddresses(cluster), ['10.244.0.2']);
    await cluster.registry.delete('Pod', { namespace: 'default', name: 'a' });
    await loops.settled();
    assert.deepEqual(await readyAddresses(cluster), ['10.244.0.3']);
    await loops.stop();
  });

  it('hold at most a hundred endpoints each, and a pod more is a write of one of them', async () => {
    await cluster.registry.create('Service', draftService('web'));
    for (let i = 0; i < 150; i++) await makePod(cluster, `p${i}`, `10.244.0.${i + 2}`);
    const loops = await startLoops(cluster, slices);
    await loops.settled();
    const sizes = async () => (await stored(cluster)).map(({ endpoints }) => endpoints.length).sort((a, b) => a - b);
    assert.deepEqual(await sizes(), [50, 100]);
    const { writes } = loops;
    await makePod(cluster, 'more', '10.244.1.2');
    await gathered(cluster, loops);
    assert.deepEqual(await sizes(), [51, 100]);
    assert.equal(loops.writes, writes + 1);
    await loops.stop();
  });

  it('mirror Endpoints made by hand, with every change', async () => {
    const loops = await startLoops(cluster, slices);
    const service = draftService('web');
    delete service.spec.selector;
    await cluster.registry.create('Service', service);
    const subsets = [{ addresses: [{ ip: '192.0.2.7' }], ports: [{ port: 9376, protocol: 'TCP' as const }] }];
    const draft = { apiVersion: 'v1' as const, kind: 'Endpoints' as const, metadata: { ...WEB }, subsets };
    const endpoints = await cluster.registry.create('Endpoints', draft);
    await gathered(cluster, loops);
    assert.deepEqual(await readyAddresses(cluster), ['192.0.2.7']);

    const moved = [{ ...subsets[0], addresses: [{ ip: '192.0.2.9' }] }];
    await cluster.registry.update('Endpoints', { ...endpoints, subsets: moved });
    await gathered(cluster, loops);
    assert.deepEqual(await readyAddresses(cluster), ['192.0.2.9']);

    await cluster.registry.delete('Endpoints', WEB);
    await gathered(cluster, loops);
    assert.deepEqual(await stored(cluster), []);
    await loops.stop();
  });

  it('are made once, wherever the process is killed', async () => {
    await cluster.registry.create('Service', draftService('web'));
    for (let i = 0; i < 250; i++) await makePod(cluster, `p${i}`, `10.244.0.${i + 2}`);
    for (let crashAfter = 1; crashAfter <= 3; crashAfter++) {
      const dying = await startLoops(cluster, slices, { crashAfter });
      await dying.settled();
      await dying.stop();
      const loops = await startLoops(cluster, slices);
      await loops.settled();
      const found = await stored(cluster);
      assert.equal(found.length, 3, `slices after a crash at write ${crashAfter}`);
      assert.equal(new Set(await readyAddresses(cluster)).size, 250);
      await loops.stop();
      for (const { metadata } of found) await cluster.registry.delete('EndpointSlice', { ...WEB, name: metadata.name });
    }
  });

  it('take another name where a stranger has theirs', async () => {
    const first = await startLoops(cluster, slices);
    await cluster.registry.create('Service', draftService('web'));
    await gathered(cluster, first);
    await first.stop();
    const [slice] = await stored(cluster);
    assert.ok(slice);
    // Its labels are taken away: it is somebody else's now, and its name is taken.
    await cluster.registry.update('EndpointSlice', { ...slice, metadata: { ...slice.metadata, labels: {} } });
    const second = await startLoops(cluster, slices);
    await second.settled();
    const names = (await stored(cluster)).map(({ metadata }) => metadata.name);
    assert.equal(names.length, 2);
    assert.ok(names.includes(slice.metadata.name));
    await second.stop();
  });
});
