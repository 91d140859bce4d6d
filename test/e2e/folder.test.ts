/** A watched folder, used as people use one on a dev box: drop, edit, rename and delete files, with all that editors do to them. */
import assert from 'node:assert/strict';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type App, ask, type Cluster, manifestOf, untilSettled } from './harness/apps.ts';
import { eventually } from './harness/eventually.ts';
import { kubeContainers, runningIds } from './harness/kube-containers.ts';
import { readySource, refusedSource, sourceOf } from './harness/source-status.ts';
import { useTestBed } from './harness/test-bed.ts';

describe('a watched folder', () => {
  const bed = useTestBed();
  let folder: string;
  let cluster: Cluster;

  const web: App = { name: 'web', replicas: 2 };
  const write = (file: string, ...apps: App[]) => writeFile(join(folder, file), apps.map(manifestOf).join('---\n'));
  const settled = (...apps: App[]) => untilSettled(cluster, apps);

  before('the daemon on an empty folder', async () => {
    folder = await bed.dir();
    const dockerd = await bed.dockerd(await bed.netns(), { bridge: true });
    cluster = { dockerd, sampan: await bed.sampan(dockerd, { sources: [folder] }) };
  });

  it('deploys a file that is dropped into it', async () => {
    await write('web.yaml', web);
    await settled(web);
  });

  it('scales when the number of replicas is edited, and leaves the others alone', async () => {
    const before = await runningIds(cluster.dockerd);
    await write('web.yaml', { ...web, replicas: 3 });
    await settled({ ...web, replicas: 3 });
    const now = await runningIds(cluster.dockerd);
    assert.deepEqual(
      before.filter((id) => !now.includes(id)),
      [],
    );
    await write('web.yaml', web);
    await settled(web);
  });

  it('rolls out an edited variable, and takes it back', async () => {
    await write('web.yaml', { ...web, version: '2' });
    await settled({ ...web, version: '2' });
    await write('web.yaml', web);
    await settled(web);
  });

  it('rolls out an edited image', async () => {
    await write('web.yaml', { ...web, image: 'reversistring' });
    await eventually(
      async () => {
        const apps = (await kubeContainers(cluster.dockerd)).filter(({ container }) => container === 'app');
        assert.deepEqual(
          apps.map(({ image }) => image),
          ['reversistring', 'reversistring'],
        );
        return true;
      },
      { describe: 'the other image to run' },
    );
    await write('web.yaml', web);
    await settled(web);
  });

  it('keeps the old pods until an image that cannot be had is corrected', async () => {
    const before = await runningIds(cluster.dockerd);
    await write('web.yaml', { ...web, image: 'registry.invalid/no-such-image:1' });
    await eventually(async () => /ErrImagePull|ImagePullBackOff/.test(await cluster.sampan.cli('get', 'pods')), {
      describe: 'the pull to fail',
    });
    assert.equal(await ask(cluster, 'web'), 'HELLO\n');
    await write('web.yaml', web);
    await settled(web);
    assert.deepEqual(await runningIds(cluster.dockerd), before);
  });

  it('moves nothing when a file is renamed, into a sub-folder that is made for it', async () => {
    const before = await runningIds(cluster.dockerd);
    await mkdir(join(folder, 'services'));
    await rename(join(folder, 'web.yaml'), join(folder, 'services/front.yaml'));
    await eventually(async () => (await declaredAt('web')).startsWith('services/front.yaml:'), {
      describe: 'the object to be declared by the renamed file',
    });
    await settled(web);
    assert.deepEqual(await runningIds(cluster.dockerd), before);
  });

  it('takes what is dropped into a sub-folder, and removes what a deleted file declared', async () => {
    const other = { name: 'other', replicas: 1 };
    await mkdir(join(folder, 'deep/down'), { recursive: true });
    await write('deep/down/other.yaml', other);
    await settled(web, other);
    await rm(join(folder, 'deep/down/other.yaml'));
    await settled(web);
  });

  it('waits for a file that is being written', async () => {
    const slow = { name: 'slow', replicas: 1 };
    const text = manifestOf(slow);
    const half = text.indexOf('replicas');
    const file = await open(join(folder, 'slow.yaml'), 'w');
    try {
      await file.write(text.slice(0, half));
      await write('services/front.yaml', { ...web, version: '2' });
      await cluster.sampan.cli('status'); // takes longer than the folder has to be quiet
      await file.write(text.slice(half));
    } finally {
      await file.close();
    }
    await settled({ ...web, version: '2' }, slow);
    await rm(join(folder, 'slow.yaml'));
    await settled({ ...web, version: '2' });
    assert.deepEqual(await refusals(), []);
  });

  it('refuses a bad file with its line, keeps what runs, and takes the fix', async () => {
    const another = { name: 'another', replicas: 1 };
    await write('another.yaml', another);
    await settled({ ...web, version: '2' }, another);
    const before = await runningIds(cluster.dockerd);
    const good = manifestOf({ ...web, version: '3' });
    await writeFile(join(folder, 'services/front.yaml'), good.replace('replicas: 2', 'replicas: three'));
    await refusedSource(cluster, /services\/front\.yaml:5 spec\.replicas: .*"three"/);
    assert.match(await cluster.sampan.cli('status'), /services\/front\.yaml:5/);
    assert.match(await cluster.sampan.cli('get', 'events', '-A'), /services\/front\.yaml:5/);
    await settled({ ...web, version: '2' }, another);
    assert.deepEqual(await runningIds(cluster.dockerd), before);

    await rm(join(folder, 'another.yaml'));
    await writeFile(join(folder, 'services/front.yaml'), good);
    await settled({ ...web, version: '3' });
    await readySource(cluster);
  });

  it("takes an editor's save by a temporary file and a rename, and ignores its hidden and backup files", async () => {
    const target = join(folder, 'services/front.yaml');
    const before = await refusals();
    await writeFile(join(folder, 'services/.front.yaml.swp'), 'no: [manifest');
    await writeFile(join(folder, 'services/4913'), '');
    await rename(target, `${target}~`);
    await writeFile(target, manifestOf({ ...web, version: '4' }));
    await rm(`${target}~`);
    await rm(join(folder, 'services/4913'));
    await settled({ ...web, version: '4' });
    assert.deepEqual(await refusals(), before);
  });

  it('keeps everything when the folder vanishes, and goes on when it is back', async () => {
    const before = await runningIds(cluster.dockerd);
    await rename(folder, `${folder}-away`);
    await eventually(async () => /Unreachable|cannot be read/.test(await cluster.sampan.cli('status')), {
      describe: 'the status to say so',
    });
    await settled({ ...web, version: '4' });
    assert.deepEqual(await runningIds(cluster.dockerd), before);
    await rename(`${folder}-away`, folder);
    await readySource(cluster);
    await write('services/front.yaml', { ...web, version: '5' });
    await settled({ ...web, version: '5' });
  });

  async function declaredAt(rc: string): Promise<string> {
    const { metadata } = await cluster.sampan.api.get(`/api/v1/namespaces/default/replicationcontrollers/${rc}`);
    return (metadata as { annotations?: Record<string, string> }).annotations?.['sampan.dev/declared-at'] ?? '';
  }

  async function refusals(): Promise<unknown[]> {
    const { status } = await sourceOf(cluster);
    return status.history.filter(({ outcome }: { outcome: string }) => outcome === 'Refused');
  }
});
