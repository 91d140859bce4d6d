import assert from 'node:assert/strict';
import { createClusterBootstrapLoop } from '../../../reconcilers/cluster-bootstrap/index.ts';
import { type LoopDeps, startLoops } from '../../fakes/running-loops.ts';
import { createTestCluster } from '../../fakes/test-cluster.ts';

const KUBERNETES = { namespace: 'default', name: 'kubernetes' };

function bootstrap(kubernetesServiceIP: string, addresses: string[] = []) {
  const options = { kubernetesServiceIP, apiServer: { addresses, port: 6443 } };
  return (deps: LoopDeps) => [createClusterBootstrapLoop({ ...deps, options: () => options, nodeName: 'node' })];
}

describe('cluster bootstrap', () => {
  it('makes the namespaces and the Service kubernetes at the first address', async () => {
    const cluster = await createTestCluster();
    const loops = await startLoops(cluster, bootstrap('10.96.0.1', ['192.0.2.1']));
    await loops.settled();
    const namespaces = (await cluster.registry.list('Namespace')).items.map(({ metadata }) => metadata.name);
    assert.deepEqual(namespaces, ['default', 'kube-node-lease', 'kube-system']);
    const service = await cluster.registry.get('Service', KUBERNETES);
    assert.equal(service?.spec.clusterIP, '10.96.0.1');
    assert.deepEqual(service.spec.ports, [{ name: 'https', protocol: 'TCP', port: 443, targetPort: 6443 }]);
    const endpoints = await cluster.registry.get('Endpoints', KUBERNETES);
    assert.deepEqual(endpoints?.subsets, [
      { addresses: [{ ip: '192.0.2.1' }], ports: [{ name: 'https', protocol: 'TCP', port: 6443 }] },
    ]);
    await loops.stop();
  });

  it('puts back what was deleted or changed', async () => {
    const cluster = await createTestCluster();
    const loops = await startLoops(cluster, bootstrap('10.96.0.1', ['192.0.2.1']));
    await loops.settled();
    await cluster.registry.delete('Service', KUBERNETES);
    const endpoints = await cluster.registry.get('Endpoints', KUBERNETES);
    assert.ok(endpoints);
    await cluster.registry.update('Endpoints', { ...endpoints, subsets: [] });
    await loops.settled();
    assert.equal((await cluster.registry.get('Service', KUBERNETES))?.spec.clusterIP, '10.96.0.1');
    assert.equal((await cluster.registry.get('Endpoints', KUBERNETES))?.subsets?.length, 1);
    await loops.stop();
  });

  it('moves the Service where the range begins elsewhere now, and is silent when all is there', async () => {
    const cluster = await createTestCluster();
    const before = await startLoops(cluster, bootstrap('10.96.0.9'));
    await before.settled();
    await before.stop();
    const moved = await startLoops(cluster, bootstrap('10.96.0.1'));
    await moved.settled();
    assert.equal((await cluster.registry.get('Service', KUBERNETES))?.spec.clusterIP, '10.96.0.1');
    await moved.stop();
    const again = await startLoops(cluster, bootstrap('10.96.0.1'));
    await again.settled();
    assert.equal(again.writes, 0);
    await again.stop();
  });
});
