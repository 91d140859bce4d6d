import assert from 'node:assert/strict';
import type { PersistentVolume } from '../../../reconcilers/objects/kinds/persistent-volume.ts';
import type { PodSpec } from '../../../reconcilers/objects/pod.ts';
import type { ObjectClient } from '../../../reconcilers/ports/object-client.ts';
import { KubeletBed } from './kubelet-bed.ts';

const KEY = { namespace: 'default', name: 'data' };
const BOUND = { 'pv.kubernetes.io/bind-completed': 'yes' };

function podWith(readOnly = false): Partial<PodSpec> {
  return {
    containers: [{ name: 'web', image: 'web', volumeMounts: [{ name: 'all', mountPath: '/data' }] }],
    volumes: [{ name: 'all', persistentVolumeClaim: { claimName: 'data', readOnly } }],
  };
}

async function addClaim(client: ObjectClient, isBound: boolean) {
  return client.create('PersistentVolumeClaim', {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { ...KEY, ...(isBound && { annotations: BOUND }) },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      volumeMode: 'Filesystem',
      storageClassName: '',
      ...(isBound && { volumeName: 'disk' }),
    },
    status: { phase: isBound ? 'Bound' : 'Pending' },
  });
}

async function addVolume(client: ObjectClient, uid: string, spec: Partial<PersistentVolume['spec']>) {
  await client.create('PersistentVolume', {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'disk' },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      volumeMode: 'Filesystem',
      claimRef: { ...KEY, uid },
      ...spec,
    },
    status: { phase: 'Bound' },
  });
}

async function mountsOf(bed: KubeletBed) {
  const { id } = await bed.container('web');
  return (bed.runtime.specOf(id)?.mounts ?? []).filter(({ target }) => target === '/data');
}

const failedMounts = (bed: KubeletBed) => bed.events.filter((event) => event.startsWith('Warning FailedMount'));
const because = (problem: string) => `Warning FailedMount MountVolume.SetUp failed for volume "all" : ${problem}`;

describe('kubelet: claims', () => {
  it('are mounted from where their volume is', async () => {
    const bed = await KubeletBed.create();
    const { metadata } = await addClaim(bed.cluster.registry, true);
    await addVolume(bed.cluster.registry, metadata.uid, { hostPath: { path: '/srv/disk' } });
    await bed.start();
    await bed.addPod(podWith());
    assert.deepEqual(await mountsOf(bed), [{ source: '/srv/disk', target: '/data', readOnly: false }]);
    await bed.stop();
  });

  it('are for reading only where the pod says so', async () => {
    const bed = await KubeletBed.create();
    const { metadata } = await addClaim(bed.cluster.registry, true);
    await addVolume(bed.cluster.registry, metadata.uid, { hostPath: { path: '/srv/disk' } });
    await bed.start();
    await bed.addPod(podWith(true));
    assert.deepEqual(await mountsOf(bed), [{ source: '/srv/disk', target: '/data', readOnly: true }]);
    await bed.stop();
  });

  it('keep their pod waiting until they are there and bound', async () => {
    const bed = await KubeletBed.create();
    const { registry } = bed.cluster;
    await bed.start();
    await bed.addPod(podWith());
    const claim = await addClaim(registry, false);
    await bed.settled();
    assert.deepEqual(await bed.summary(), []);
    assert.deepEqual(failedMounts(bed), [
      because('persistentvolumeclaim "data" not found'),
      because('error processing PVC default/data: PVC is not bound'),
    ]);
    await addVolume(registry, claim.metadata.uid, { hostPath: { path: '/srv/disk' } });
    const annotations = BOUND;
    await registry.update('PersistentVolumeClaim', {
      ...claim,
      metadata: { ...claim.metadata, annotations },
      spec: { ...claim.spec, volumeName: 'disk' },
    });
    await bed.settled();
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 running']);
    await bed.stop();
  });

  it('are not believed to be on a node where their volume is not, or to be of another claim', async () => {
    const bed = await KubeletBed.create();
    const { registry } = bed.cluster;
    const { metadata } = await addClaim(registry, true);
    const terms = [{ matchFields: [{ key: 'metadata.name', operator: 'In' as const, values: ['node-2'] }] }];
    const nodeAffinity = { required: { nodeSelectorTerms: terms } };
    await addVolume(registry, metadata.uid, { local: { path: '/srv/disk' }, nodeAffinity });
    await bed.start();
    await bed.addPod(podWith());
    const volume = await registry.get('PersistentVolume', { namespace: '', name: 'disk' });
    assert.ok(volume);
    await registry.update('PersistentVolume', {
      ...volume,
      spec: { ...volume.spec, claimRef: { ...KEY, uid: 'of-another' } },
    });
    await bed.settled();
    assert.deepEqual(failedMounts(bed), [
      because('volume "disk" is not on this node: no matching NodeSelectorTerms'),
      because('error processing PVC default/data: pv disk is bound to a different pvc'),
    ]);
    assert.deepEqual(await bed.summary(), []);
    await bed.stop();
  });

  it('that are being deleted stay with the pod that has them, and are given to no other', async () => {
    const bed = await KubeletBed.create();
    const { registry } = bed.cluster;
    const { metadata } = await addClaim(registry, true);
    await addVolume(registry, metadata.uid, { hostPath: { path: '/srv/disk' } });
    await bed.start();
    await bed.addPod(podWith());
    await registry.delete('PersistentVolumeClaim', KEY);
    await bed.settled();
    assert.deepEqual(failedMounts(bed), []);
    await bed.addPod(podWith(), 'late');
    assert.deepEqual(failedMounts(bed), [because('error processing PVC default/data: PVC is being deleted')]);
    assert.equal((await bed.containers()).length, 2);
    await bed.stop();
  });
});
