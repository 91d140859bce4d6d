import assert from 'node:assert/strict';
import { isSampanError } from '../../../../reconcilers/ports/errors.ts';
import { createTestCluster } from '../../../fakes/test-cluster.ts';

const KEY = { namespace: 'default', name: 'data' };

async function bigger(allowVolumeExpansion: boolean, phase: 'Pending' | 'Bound' = 'Bound') {
  const { registry } = await createTestCluster();
  await registry.create('StorageClass', {
    ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'fast' } },
    ...{ provisioner: 'sampan.dev/local', reclaimPolicy: 'Delete', volumeBindingMode: 'WaitForFirstConsumer' },
    allowVolumeExpansion,
  });
  const spec = { accessModes: ['ReadWriteOnce' as const], volumeMode: 'Filesystem' as const, storageClassName: 'fast' };
  const sized = (storage: string) => ({ ...spec, resources: { requests: { storage } } });
  const claim = await registry.create('PersistentVolumeClaim', {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: KEY },
    spec: sized('1Gi'),
    status: { phase },
  });
  return registry.update('PersistentVolumeClaim', { ...claim, spec: sized('2Gi') });
}

describe('a claim that asks for more', () => {
  it('gets it where its class lets volumes grow, or while it has none yet', async () => {
    assert.equal((await bigger(true)).spec.resources.requests.storage, '2Gi');
    assert.equal((await bigger(false, 'Pending')).spec.resources.requests.storage, '2Gi');
  });

  it('is refused where its class does not', async () => {
    await assert.rejects(bigger(false), (error) => {
      assert.ok(isSampanError(error, 'Forbidden'));
      assert.match(error.message, /only dynamically provisioned pvc can be resized and the storageclass/);
      return true;
    });
  });
});
