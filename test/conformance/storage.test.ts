/** Kubernetes' conformance for PersistentVolumes, their claims and StorageClasses: the API, without the loops that bind them. */
import assert from 'node:assert/strict';
import { type HttpBed, startHttpBed } from '../unit/apiserver/http-bed.ts';
import { Watching } from '../unit/apiserver/semantics/watching.ts';
import { conforms } from './conforms.ts';
import { type Body, read, remove, wholeLife, write } from './whole-life.ts';

const VOLUMES = '/api/v1/persistentvolumes';
const CLAIMS = '/api/v1/namespaces/default/persistentvolumeclaims';
const EVERYWHERE = '/api/v1/persistentvolumeclaims';
const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';

const labels = { life: 'whole' };
const VOLUME = {
  metadata: { name: 'one', labels },
  spec: {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    persistentVolumeReclaimPolicy: 'Retain',
    storageClassName: 'by-hand',
    hostPath: { path: '/srv/one' },
  },
};
const CLAIM = {
  metadata: { name: 'one', labels },
  spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'by-hand', resources: { requests: { storage: '1Gi' } } },
};

describe('conformance: storage', () => {
  let bed: HttpBed;
  beforeEach(async () => {
    bed = await startHttpBed();
  });
  afterEach(() => bed.close());

  const names = async (path: string) => (await read(bed, path)).items.map(({ metadata }: Body) => metadata.name);

  conforms('22.1', async () => {
    for (const [path, everywhere, body] of [
      [VOLUMES, VOLUMES, VOLUME],
      [CLAIMS, EVERYWHERE, CLAIM],
    ] as const) {
      const selected = `${everywhere}?labelSelector=life%3Dwhole`;
      const watching = await Watching.open(bed.socketPath, `${selected}&watch=1`);
      const created = await write(bed, 'POST', path, body);
      assert.deepEqual(await names(selected), ['one']);
      const patched = await write(bed, 'PATCH', `${path}/one`, { metadata: { labels: { patched: 'yes' } } }, STRATEGIC);
      assert.equal(patched.metadata.labels.patched, 'yes');
      const annotations = { updated: 'yes' };
      const updated = await write(bed, 'PUT', `${path}/one`, {
        ...patched,
        metadata: { ...patched.metadata, annotations },
      });
      assert.deepEqual([updated.metadata.uid, updated.metadata.annotations], [created.metadata.uid, annotations]);

      await remove(bed, `${path}/one`);
      const going = await read(bed, `${path}/one`);
      assert.match(going.metadata.finalizers[0], /^kubernetes.io\/pvc?-protection$/);
      assert.ok(going.metadata.deletionTimestamp);
      await write(bed, 'PATCH', `${path}/one`, { metadata: { finalizers: null } }, MERGE);
      assert.equal((await bed.get(`${path}/one`)).status, 404);
      const seen: string[] = [];
      for (let event = 0; event < 5; event++) seen.push((await watching.next()).type);
      assert.deepEqual(seen, ['ADDED', 'MODIFIED', 'MODIFIED', 'MODIFIED', 'DELETED']);
      watching.close();

      await write(bed, 'POST', path, body);
      await remove(bed, selected);
      await write(bed, 'PATCH', `${path}/one`, { metadata: { finalizers: null } }, MERGE);
      assert.deepEqual(await names(selected), []);
    }
  });

  conforms('22.2', async () => {
    for (const [path, body, phases] of [
      [VOLUMES, VOLUME, ['Available', 'Released']],
      [CLAIMS, CLAIM, ['Bound', 'Lost']],
    ] as const) {
      const created = await write(bed, 'POST', path, body);
      assert.equal((await read(bed, `${path}/one/status`)).status.phase, 'Pending');
      const patched = await write(bed, 'PATCH', `${path}/one/status`, { status: { phase: phases[0] } }, MERGE);
      assert.deepEqual([patched.status.phase, patched.spec], [phases[0], created.spec]);
      const next = { ...patched, spec: {}, status: { phase: phases[1] } };
      const replaced = await write(bed, 'PUT', `${path}/one/status`, next);
      assert.deepEqual([replaced.status.phase, replaced.spec], [phases[1], created.spec]);
      const ignored = await write(bed, 'PATCH', `${path}/one`, { status: { phase: phases[0] } }, MERGE);
      assert.equal(ignored.status.phase, phases[1]);
    }
  });

  conforms('22.3', () =>
    wholeLife(bed, {
      path: '/apis/storage.k8s.io/v1/storageclasses',
      everywhere: '/apis/storage.k8s.io/v1/storageclasses',
      body: { provisioner: 'example.com/nfs', parameters: { server: 'a' }, mountOptions: ['hard'] },
      patch: { allowVolumeExpansion: true },
      patched: (object) => assert.deepEqual([object.allowVolumeExpansion, object.reclaimPolicy], [true, 'Delete']),
      update: (object) => (object.mountOptions = ['soft']),
      updated: (object) => assert.deepEqual(object.mountOptions, ['soft']),
    }),
  );
});
