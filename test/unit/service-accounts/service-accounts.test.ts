import assert from 'node:assert/strict';
import { createNamespaceLoop } from '../../../reconcilers/namespace/index.ts';
import type { Namespace } from '../../../reconcilers/objects/cluster.ts';
import type { Draft } from '../../../reconcilers/objects/meta.ts';
import { createServiceAccountsLoop } from '../../../reconcilers/service-accounts/index.ts';
import { type LoopDeps, startLoops } from '../../fakes/running-loops.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const PEM = '-----BEGIN CERTIFICATE-----\n';
const loops = (deps: LoopDeps) => [
  createServiceAccountsLoop({ ...deps, authority: () => PEM }),
  createNamespaceLoop(deps),
];

function namespace(name: string): Draft<Namespace> {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {}, status: { phase: 'Active' } };
}

async function publishedIn({ registry }: TestCluster, name: string) {
  return (await registry.get('ConfigMap', { namespace: name, name: 'kube-root-ca.crt' }))?.data;
}

async function accountIn({ registry }: TestCluster, name: string) {
  return registry.get('ServiceAccount', { namespace: name, name: 'default' });
}

describe('service accounts', () => {
  it('gives each namespace its account and the authority, also one that comes later', async () => {
    const cluster = await createTestCluster();
    const running = await startLoops(cluster, loops);
    await cluster.registry.create('Namespace', namespace('web'));
    await running.settled();
    for (const name of ['default', 'web']) {
      assert.ok(await accountIn(cluster, name));
      assert.deepEqual(await publishedIn(cluster, name), { 'ca.crt': PEM });
    }
    await running.stop();
  });

  it('makes them again when they are deleted, and puts the authority right when it is changed', async () => {
    const cluster = await createTestCluster();
    const running = await startLoops(cluster, loops);
    await running.settled();
    const before = (await accountIn(cluster, 'default'))?.metadata.uid;
    await cluster.registry.delete('ServiceAccount', { namespace: 'default', name: 'default' });
    const key = { namespace: 'default', name: 'kube-root-ca.crt' };
    await cluster.registry.modify('ConfigMap', key, (map) => ({ ...map, data: { 'ca.crt': 'forged', more: 'text' } }));
    await running.settled();
    assert.notEqual((await accountIn(cluster, 'default'))?.metadata.uid, before);
    assert.deepEqual(await publishedIn(cluster, 'default'), { 'ca.crt': PEM });
    await cluster.registry.delete('ConfigMap', key);
    await running.settled();
    assert.deepEqual(await publishedIn(cluster, 'default'), { 'ca.crt': PEM });
    await running.stop();
  });

  it('lets a namespace that is deleted go', async () => {
    const cluster = await createTestCluster();
    const running = await startLoops(cluster, loops);
    await cluster.registry.create('Namespace', namespace('web'));
    await running.settled();
    await cluster.registry.delete('Namespace', { namespace: '', name: 'web' });
    await running.settled();
    assert.equal(await cluster.registry.get('Namespace', { namespace: '', name: 'web' }), undefined);
    assert.equal(await accountIn(cluster, 'web'), undefined);
    assert.equal(await publishedIn(cluster, 'web'), undefined);
    assert.deepEqual(
      running.log.lines.filter(({ level }) => level === 'error'),
      [],
    );
    await running.stop();
  });

  it('goes on where it was, whichever write it died after', async () => {
    for (let crashAfter = 1; crashAfter <= 2; crashAfter++) {
      const cluster = await createTestCluster();
      const first = await startLoops(cluster, loops, { crashAfter });
      await first.settled();
      assert.equal(first.writes, crashAfter);
      await first.stop();
      const second = await startLoops(cluster, loops);
      await second.settled();
      assert.ok(await accountIn(cluster, 'default'));
      assert.deepEqual(await publishedIn(cluster, 'default'), { 'ca.crt': PEM });
      await second.stop();
    }
  });
});
