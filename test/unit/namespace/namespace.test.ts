import assert from 'node:assert/strict';
import { createNamespaceLoop } from '../../../reconcilers/namespace/index.ts';
import { createReplicationLoop } from '../../../reconcilers/replication/index.ts';
import { draftController, draftPod, draftService } from '../../fakes/objects.ts';
import { type LoopDeps, startLoops } from '../../fakes/running-loops.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const SHOP = { namespace: '', name: 'shop' };
const both = (deps: LoopDeps) => [createNamespaceLoop(deps), createReplicationLoop(deps)];

async function filledNamespace(): Promise<TestCluster> {
  const cluster = await createTestCluster();
  const { registry } = cluster;
  const [apiVersion, kind] = ['v1', 'Namespace'] as const;
  await registry.create('Namespace', {
    apiVersion,
    kind,
    metadata: { name: 'shop' },
    spec: {},
    status: { phase: 'Active' },
  });
  const into = <T extends { metadata: { namespace?: string } }>(draft: T): T => {
    draft.metadata.namespace = 'shop';
    return draft;
  };
  await registry.create('ReplicationController', into(draftController('web', 3)));
  await registry.create('Service', into(draftService('web')));
  await registry.create('Pod', into(draftPod('bound', 'db', { nodeName: 'n1' })));
  await registry.create('Pod', draftPod('elsewhere', 'db'));
  return cluster;
}

describe('namespace', () => {
  it('empties a namespace that is deleted, waits for what stops gracefully, then lets it go', async () => {
    const cluster = await filledNamespace();
    const loops = await startLoops(cluster, both);
    await loops.settled();
    assert.equal((await cluster.registry.list('Pod', { namespace: 'shop' })).items.length, 4);

    await cluster.registry.delete('Namespace', SHOP);
    await loops.settled();
    assert.equal((await cluster.registry.get('Namespace', SHOP))?.status.phase, 'Terminating');
    const left = (await cluster.registry.list('Pod', { namespace: 'shop' })).items.map((pod) => pod.metadata.name);
    assert.deepEqual(left, ['bound']);

    await cluster.registry.delete('Pod', { namespace: 'shop', name: 'bound' }, { gracePeriodSeconds: 0 });
    await loops.settled();
    assert.equal(await cluster.registry.get('Namespace', SHOP), undefined);
    for (const kind of ['ReplicationController', 'Service', 'Endpoints', 'Event'] as const) {
      assert.deepEqual((await cluster.registry.list(kind, { namespace: 'shop' })).items, []);
    }
    assert.ok(await cluster.registry.get('Pod', { namespace: 'default', name: 'elsewhere' }));
    await loops.stop();
  });

  it('goes on where it was, whichever write it died after', async () => {
    for (let crashAfter = 1; crashAfter <= 6; crashAfter++) {
      const cluster = await filledNamespace();
      await cluster.registry.delete('Pod', { namespace: 'shop', name: 'bound' }, { gracePeriodSeconds: 0 });
      await cluster.registry.delete('Namespace', SHOP);
      const doomed = await startLoops(cluster, both, { crashAfter });
      await doomed.settled();
      await doomed.stop();
      const loops = await startLoops(cluster, both);
      await loops.settled();
      assert.equal(await cluster.registry.get('Namespace', SHOP), undefined, `after ${crashAfter} writes`);
      await loops.stop();
    }
  });
});
