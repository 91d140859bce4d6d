import assert from 'node:assert/strict';
import type { ObjectKey } from '../../../reconcilers/objects/meta.ts';
import type { PodSpec } from '../../../reconcilers/objects/pod.ts';
import type { VolumeProjection } from '../../../reconcilers/objects/volumes.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { KubeletBed } from './kubelet-bed.ts';

const PATH = '/etc/all';

/** Of volumes: without the file that every container has. */
async function mountsOf(bed: KubeletBed) {
  const { id } = await bed.container('web');
  return (bed.runtime.specOf(id)?.mounts ?? []).filter(({ target }) => target !== '/etc/hosts');
}

function withVolume(...sources: VolumeProjection[]): Partial<PodSpec> {
  return {
    containers: [{ name: 'web', image: 'web', volumeMounts: [{ name: 'all', mountPath: PATH }] }],
    volumes: [{ name: 'all', projected: { defaultMode: 0o644, sources } }],
  };
}

const TOKEN: VolumeProjection = { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } };
const MAP: VolumeProjection = { configMap: { name: 'settings' } };

function key(name: string): ObjectKey {
  return { namespace: 'default', name };
}

async function addMap(bed: KubeletBed, data: Record<string, string>, name = 'settings'): Promise<void> {
  await bed.cluster.registry.create('ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata: key(name), data });
  await bed.settled();
}

async function addAccount(bed: KubeletBed): Promise<void> {
  const metadata = key('default');
  await bed.cluster.registry.create('ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
  await bed.settled();
}

/** What the container reads. */
async function read(bed: KubeletBed, path: string): Promise<string | undefined> {
  const [mount] = await mountsOf(bed);
  return (await bed.files.read(mount?.source ?? '', path))?.text;
}

function failedMounts(bed: KubeletBed): string[] {
  return bed.events.filter((event) => event.startsWith('Warning FailedMount'));
}

async function waiting(bed: KubeletBed): Promise<string | undefined> {
  return (await bed.pod()).status.containerStatuses?.[0]?.state.waiting?.reason;
}

describe('kubelet: volumes', () => {
  it('mounts all sources read-only, with their modes', async () => {
    const bed = await KubeletBed.create();
    await addAccount(bed);
    await addMap(bed, { color: 'blue', size: 'xl' });
    await bed.cluster.registry.create('Secret', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: key('keys'),
      type: 'Opaque',
      data: { password: Buffer.from('hush').toString('base64') },
    });
    await bed.start();
    const field = (path: string, fieldPath: string) => ({ path, fieldRef: { apiVersion: 'v1', fieldPath } });
    const pod = await bed.addPod(
      withVolume(
        TOKEN,
        { configMap: { name: 'settings', items: [{ key: 'color', path: 'conf/color', mode: 0o600 }] } },
        { secret: { name: 'keys' } },
        { downwardAPI: { items: [field('ns', 'metadata.namespace'), field('labels', 'metadata.labels')] } },
      ),
    );
    const mounts = await mountsOf(bed);
    const mount = mounts.find(({ target }) => target === PATH);
    assert.ok(mount?.readOnly && mounts.length === 2, 'and the file for its last words');
    const files = ['token', 'conf/color', 'password', 'ns', 'labels', 'size'];
    const found = await Promise.all(files.map((path) => bed.files.read(mount.source, path)));
    assert.deepEqual(found, [
      { text: 'default:default:web:1', mode: 0o644 },
      { text: 'blue', mode: 0o600 },
      { text: 'hush', mode: 0o644 },
      { text: 'default', mode: 0o644 },
      { text: 'app="web"', mode: 0o644 },
      undefined,
    ]);
    assert.deepEqual(bed.tokens.requests[0], {
      namespace: 'default',
      serviceAccount: 'default',
      audiences: [],
      expirationSeconds: 3607,
      pod: { name: 'web', uid: pod.metadata.uid },
    });
    await bed.stop();
  });

  it('waits for what a volume needs, says so once, and starts when it comes', async () => {
    const bed = await KubeletBed.create();
    await bed.start();
    await bed.addPod(withVolume(TOKEN, MAP, { secret: { name: 'keys', optional: true } }));
    await bed.advance(60_000);
    assert.deepEqual(await bed.summary(), []);
    assert.equal(await waiting(bed), 'ContainerCreating');
    assert.deepEqual(failedMounts(bed), [
      'Warning FailedMount MountVolume.SetUp failed for volume "all" : [failed to fetch token: serviceaccounts "default" not found, configmap "settings" not found]',
    ]);
    await addAccount(bed);
    assert.equal(failedMounts(bed).at(-1)?.endsWith('volume "all" : configmap "settings" not found'), true);
    await addMap(bed, { color: 'blue' });
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 running']);
    assert.equal(failedMounts(bed).length, 2);
    await bed.stop();
  });

  it('says which key is missing', async () => {
    const bed = await KubeletBed.create();
    await addMap(bed, { color: 'blue' });
    await bed.start();
    await bed.addPod(withVolume({ configMap: { name: 'settings', items: [{ key: 'shape', path: 'shape' }] } }));
    assert.match(failedMounts(bed)[0] ?? '', /configmap references non-existent config key: shape$/);
    await bed.stop();
  });

  it('shows a changed ConfigMap to what runs, and restarts nothing', async () => {
    const bed = await KubeletBed.create();
    await addMap(bed, { color: 'blue' });
    await bed.start();
    await bed.addPod(withVolume(MAP));
    const { id } = await bed.container('web');
    await bed.cluster.registry.modify('ConfigMap', key('settings'), (map) => ({ ...map, data: { color: 'red' } }));
    await bed.settled();
    assert.equal(await read(bed, 'color'), 'red');
    assert.equal((await bed.container('web')).id, id);
    await bed.stop();
  });

  it('keeps what runs as it is when its ConfigMap is deleted, also over a crash of the container', async () => {
    const bed = await KubeletBed.create();
    await addMap(bed, { color: 'blue' });
    await bed.start();
    await bed.addPod(withVolume(MAP));
    await bed.cluster.registry.delete('ConfigMap', key('settings'));
    await bed.settled();
    assert.equal(failedMounts(bed).length, 1);
    bed.runtime.exit((await bed.container('web')).id, 1);
    await bed.settled();
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 exited', 'web_1 running']);
    assert.equal(await read(bed, 'color'), 'blue');
    await bed.stop();
  });

  it('renews a token when four fifths of its life are over, in place', async () => {
    const bed = await KubeletBed.create();
    await addAccount(bed);
    await bed.start();
    await bed.addPod(withVolume(TOKEN));
    assert.equal(await read(bed, 'token'), 'default:default:web:1');
    await bed.advance(2_884_000);
    assert.equal(await read(bed, 'token'), 'default:default:web:1');
    await bed.advance(2_000);
    assert.equal(await read(bed, 'token'), 'default:default:web:2');
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 running']);
    await bed.stop();
  });

  it('has a new token made when the account is another one of the name', async () => {
    const bed = await KubeletBed.create();
    await addAccount(bed);
    await bed.start();
    await bed.addPod(withVolume(TOKEN));
    await bed.cluster.registry.delete('ServiceAccount', key('default'));
    await addAccount(bed);
    assert.equal(await read(bed, 'token'), 'default:default:web:2');
    await bed.stop();
  });

  it('tries again, later each time, where no token is to be had or the files cannot be written', async () => {
    const bed = await KubeletBed.create();
    await addAccount(bed);
    bed.files.refusal = 'no space left on device';
    await bed.start();
    await bed.addPod(withVolume(TOKEN));
    await bed.advance(499);
    assert.equal(failedMounts(bed).length, 1);
    await bed.advance(1);
    assert.equal(failedMounts(bed).length, 2);
    bed.tokens.refusal = new SampanError('Internal', { detail: 'no key' });
    await bed.advance(1_000);
    assert.deepEqual(failedMounts(bed).slice(1), [
      'Warning FailedMount MountVolume.SetUp failed for volume "all" : no space left on device',
      'Warning FailedMount MountVolume.SetUp failed for volume "all" : no key',
    ]);
    bed.files.refusal = undefined;
    bed.tokens.refusal = undefined;
    await bed.advance(2_000);
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 running']);
    await bed.stop();
  });

  it('touches nothing when the daemon is restarted, and goes on renewing', async () => {
    const bed = await KubeletBed.create();
    await addAccount(bed);
    await bed.start();
    await bed.addPod(withVolume(TOKEN));
    const { id } = await bed.container('web');
    bed.kill();
    await bed.advance(1_000_000);
    await bed.start();
    await bed.advance(10_000);
    assert.equal((await bed.container('web')).id, id);
    assert.equal(bed.tokens.requests.length, 1);
    await bed.advance(1_880_000);
    assert.equal(await read(bed, 'token'), 'default:default:web:2');
    await bed.stop();
  });

  it('puts back what a reboot took out of memory, before anything starts', async () => {
    const bed = await KubeletBed.create();
    await addMap(bed, { color: 'blue' });
    await bed.start();
    const { metadata } = await bed.addPod(withVolume(MAP));
    bed.kill();
    await bed.files.remove(metadata.uid);
    for (const { id, state } of await bed.containers()) if (state === 'running') bed.runtime.exit(id, 137);
    await bed.start();
    await bed.advance(1_000);
    assert.equal(await read(bed, 'color'), 'blue');
    await bed.stop();
  });

  it('provides no volume that no container mounts', async () => {
    const bed = await KubeletBed.create();
    await bed.start();
    const { metadata } = await bed.addPod({ ...withVolume(MAP), containers: [{ name: 'web', image: 'web' }] });
    assert.deepEqual(await bed.summary(), ['POD_0 running', 'web_0 running']);
    assert.equal((await bed.files.placed(metadata.uid)).size, 0);
    await bed.stop();
  });

  it('removes the volumes with the pod, and with a pod that has ended', async () => {
    const bed = await KubeletBed.create();
    await addMap(bed, { color: 'blue' });
    await bed.start();
    await bed.addPod(withVolume(MAP));
    await bed.cluster.registry.delete('Pod', key('web'), { gracePeriodSeconds: 1 });
    await bed.advance(2_000);
    assert.equal(await bed.cluster.registry.get('Pod', key('web')), undefined);
    assert.deepEqual(bed.files.heldUids, []);

    await bed.addPod({ ...withVolume(MAP), restartPolicy: 'Never' }, 'job');
    assert.equal(bed.files.heldUids.length, 1);
    bed.runtime.exit((await bed.container('web')).id, 0);
    await bed.settled();
    assert.equal((await bed.pod('job')).status.phase, 'Succeeded');
    assert.deepEqual(bed.files.heldUids, []);
    await bed.stop();
  });

  it('removes what is left of a pod that went while no daemon ran, once its containers are gone', async () => {
    const bed = await KubeletBed.create();
    await addMap(bed, { color: 'blue' });
    await bed.start();
    await bed.addPod(withVolume(MAP));
    bed.kill();
    await bed.cluster.registry.delete('Pod', key('web'), { gracePeriodSeconds: 0 });
    await bed.files.write({ ...key('older'), uid: 'uid-older' }, 'all', {
      revision: 'v1-a',
      medium: 'memory',
      files: [],
    });
    await bed.start();
    await bed.advance(60_000);
    assert.deepEqual(await bed.summary(), []);
    assert.deepEqual(bed.files.heldUids, []);
    await bed.stop();
  });
});
