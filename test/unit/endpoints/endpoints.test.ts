import assert from 'node:assert/strict';
import { createEndpointsLoop } from '../../../reconcilers/endpoints/index.ts';
import type { Endpoints } from '../../../reconcilers/objects/service.ts';
import { draftPod, draftService, reportPod } from '../../fakes/objects.ts';
import { type LoopDeps, type RunningLoops, startLoops } from '../../fakes/running-loops.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const WEB = { namespace: 'default', name: 'web' };
const endpoints = (deps: LoopDeps) => [createEndpointsLoop(deps)];

async function makePod(cluster: TestCluster, name: string, ip: string, ready = true): Promise<void> {
  await cluster.registry.create('Pod', draftPod(name, 'web', { nodeName: 'n1' }));
  await reportPod(cluster.registry, name, ip, ready);
}

/** Endpoints may be a moment later than slices. */
async function gathered(cluster: TestCluster, loops: RunningLoops): Promise<void> {
  await cluster.clock.advance(200);
  await loops.settled();
}

async function addressesOf({ registry }: TestCluster): Promise<string[] | undefined> {
  const found = await registry.get('Endpoints', WEB);
  return found?.subsets?.flatMap((subset) => subset.addresses ?? []).map((address) => address.ip);
}

describe('endpoints', () => {
  it('follows the pods: ready, not ready, being deleted, gone', async () => {
    const cluster = await createTestCluster();
    const loops = await startLoops(cluster, endpoints);
    await cluster.registry.create('Service', draftService('web'));
    await gathered(cluster, loops);
    assert.deepEqual(await addressesOf(cluster), [], 'a Service without pods has Endpoints without addresses');

    await makePod(cluster, 'a', '10.244.0.2');
    await makePod(cluster, 'b', '10.244.0.3', false);
    await gathered(cluster, loops);
    const both = await cluster.registry.get('Endpoints', WEB);
    assert.deepEqual(await addressesOf(cluster), ['10.244.0.2']);
    assert.deepEqual(
      both?.subsets?.[0]?.notReadyAddresses?.map((address) => address.ip),
      ['10.244.0.3'],
    );

    await reportPod(cluster.registry, 'b', '10.244.0.3');
    await gathered(cluster, loops);
    assert.deepEqual(await addressesOf(cluster), ['10.244.0.2', '10.244.0.3']);

    await cluster.registry.delete('Pod', { namespace: 'default', name: 'a' });
    await gathered(cluster, loops);
    assert.ok(await cluster.registry.get('Pod', { namespace: 'default', name: 'a' }), 'it is only marked');
    assert.deepEqual(await addressesOf(cluster), ['10.244.0.3'], 'before anything of it is stopped');
    await loops.stop();
  });

  it('follows labels, of pods and of the Service', async () => {
    const cluster = await createTestCluster();
    const loops = await startLoops(cluster, endpoints);
    await makePod(cluster, 'a', '10.244.0.2');
    const service = await cluster.registry.create('Service', draftService('web', { selector: { app: 'other' } }));
    await gathered(cluster, loops);
    assert.deepEqual(await addressesOf(cluster), []);

    await cluster.registry.update('Service', { ...service, spec: { ...service.spec, selector: { app: 'web' } } });
    await gathered(cluster, loops);
    assert.deepEqual(await addressesOf(cluster), ['10.244.0.2']);

    const pod = await cluster.registry.get('Pod', { namespace: 'default', name: 'a' });
    assert.ok(pod);
    await cluster.registry.update('Pod', { ...pod, metadata: { ...pod.metadata, labels: { app: 'debug' } } });
    await gathered(cluster, loops);
    assert.deepEqual(await addressesOf(cluster), []);
    await loops.stop();
  });

  it('writes nothing for what Endpoints do not show', async () => {
    const cluster = await createTestCluster();
    const loops = await startLoops(cluster, endpoints);
    await cluster.registry.create('Service', draftService('web'));
    await makePod(cluster, 'a', '10.244.0.2');
    await gathered(cluster, loops);
    const { writes } = loops;
    const pod = await cluster.registry.get('Pod', { namespace: 'default', name: 'a' });
    assert.ok(pod);
    await cluster.registry.updateStatus('Pod', { ...pod, status: { ...pod.status, message: 'hello' } });
    await gathered(cluster, loops);
    assert.equal(loops.writes, writes);
    await loops.stop();
  });

  it('puts back what others changed, and removes what a deleted Service had', async () => {
    const cluster = await createTestCluster();
    const loops = await startLoops(cluster, endpoints);
    await cluster.registry.create('Service', draftService('web'));
    await makePod(cluster, 'a', '10.244.0.2');
    await gathered(cluster, loops);
    const made = await cluster.registry.get('Endpoints', WEB);
    assert.ok(made);
    await cluster.registry.update('Endpoints', { ...made, subsets: [] });
    await gathered(cluster, loops);
    assert.deepEqual(await addressesOf(cluster), ['10.244.0.2']);

    await cluster.registry.delete('Endpoints', WEB);
    await gathered(cluster, loops);
    assert.deepEqual(await addressesOf(cluster), ['10.244.0.2']);

    await cluster.registry.delete('Service', WEB);
    await gathered(cluster, loops);
    assert.equal(await cluster.registry.get('Endpoints', WEB), undefined);
    await loops.stop();
  });

  it('removes on start what a Service left that was deleted meanwhile', async () => {
    const cluster = await createTestCluster();
    const first = await startLoops(cluster, endpoints);
    await cluster.registry.create('Service', draftService('web'));
    await gathered(cluster, first);
    await first.stop();
    await cluster.registry.delete('Service', WEB);
    const second = await startLoops(cluster, endpoints);
    await gathered(cluster, second);
    assert.equal(await cluster.registry.get('Endpoints', WEB), undefined);
    await second.stop();
  });

  it('follows a hundred Services that come at once, within seconds', async () => {
    const cluster = await createTestCluster();
    const loops = await startLoops(cluster, endpoints);
    await makePod(cluster, 'a', '10.244.0.2');
    const started = performance.now();
    for (let i = 0; i < 100; i++) {
      await cluster.registry.create('Service', draftService(`s${i}`, { selector: { app: 'web' } }));
    }
    await gathered(cluster, loops);
    const { items } = await cluster.registry.list('Endpoints');
    assert.equal(items.filter(({ subsets }) => subsets?.[0]?.addresses?.[0]?.ip === '10.244.0.2').length, 100);
    assert.ok(performance.now() - started < 5_000, `${performance.now() - started} ms`);
    await loops.stop();
  });

  it('never touches Endpoints that were made by hand', async () => {
    const cluster = await createTestCluster();
    const loops = await startLoops(cluster, endpoints);
    const service = draftService('web');
    delete service.spec.selector;
    const byHand: Omit<Endpoints, 'metadata'> = {
      apiVersion: 'v1',
      kind: 'Endpoints',
      subsets: [{ addresses: [{ ip: '192.0.2.7' }], ports: [{ port: 9376, protocol: 'TCP' }] }],
    };
    await cluster.registry.create('Service', service);
    await cluster.registry.create('Endpoints', { ...byHand, metadata: { ...WEB } });
    await gathered(cluster, loops);
    await cluster.registry.delete('Service', WEB);
    await gathered(cluster, loops);
    assert.deepEqual(await addressesOf(cluster), ['192.0.2.7']);
    assert.equal(loops.writes, 0);
    await loops.stop();
  });
});
