/** What every keeper of pods' volumes must do: the suite for the fake and for folders. A world gives it, and reads as a container. */
import assert from 'node:assert/strict';
import { isSampanError } from '../../reconcilers/ports/errors.ts';
import {
  IN_PLACE,
  type PodOnNode,
  type VolumeContent,
  type VolumeFile,
  type VolumeFiles,
} from '../../reconcilers/ports/volume-files.ts';

export interface VolumeWorld {
  readonly files: VolumeFiles;
  /** The same node after a restart of the daemon. */
  reopen(): VolumeFiles;
  /** What a container that mounts `source` reads at `path`. */
  read(source: string, path: string): Promise<{ text: string; mode: number } | undefined>;
  /** What a container reads that has mounted the file at `path` by itself. */
  readSingle(path: string): Promise<string | undefined>;
  /** A path of the machine for tests, where nothing is. */
  readonly machinePath: string;
  /** What is at a path of the machine. */
  typeOf(path: string): Promise<'Directory' | 'File' | undefined>;
  close(): Promise<void>;
}

const WEB: PodOnNode = { namespace: 'default', name: 'web', uid: 'uid-web' };
const OTHER: PodOnNode = { namespace: 'kube-system', name: 'other', uid: 'uid-other' };

function content(revision: string, files: Record<string, string>, mode = 0o644): VolumeContent {
  const all = Object.entries(files).map(([path, text]): VolumeFile => ({ path, mode, data: Buffer.from(text) }));
  return { revision, medium: 'memory', files: all };
}

export function describeVolumeFiles(name: string, openWorld: () => Promise<VolumeWorld>): void {
  describe(`volume files contract: ${name}`, () => {
    let world: VolumeWorld;
    beforeEach(async () => {
      world = await openWorld();
    });
    afterEach(() => world.close());

    const pathOf = async (pod: PodOnNode, volume: string): Promise<string> => {
      const placed = (await world.files.placed(pod.uid)).get(volume);
      assert.ok(placed, `volume ${volume} is in place`);
      return placed.path;
    };
    const textOf = async (pod: PodOnNode, volume: string, path: string) =>
      (await world.read(await pathOf(pod, volume), path))?.text;

    it('has nothing at first', async () => {
      assert.deepEqual(await world.files.pods(), []);
      assert.equal((await world.files.placed('uid-web')).size, 0);
    });

    it('puts files in place with their modes, in folders where their paths say so', async () => {
      await world.files.write(WEB, 'all', content('v1-a', { token: 'secret', 'tls/deep/ca.crt': 'PEM' }, 0o400));
      const path = await pathOf(WEB, 'all');
      assert.deepEqual(await world.read(path, 'token'), { text: 'secret', mode: 0o400 });
      assert.deepEqual(await world.read(path, 'tls/deep/ca.crt'), { text: 'PEM', mode: 0o400 });
    });

    it('replaces all files at once, at the path that containers have mounted', async () => {
      await world.files.write(WEB, 'all', content('v1-a', { kept: 'old', gone: 'x', 'folder/a': '1' }));
      const path = await pathOf(WEB, 'all');
      await world.files.write(WEB, 'all', content('v1-b', { kept: 'new', added: 'y', 'folder/b': '2' }));
      assert.equal(await pathOf(WEB, 'all'), path);
      assert.equal((await world.files.placed(WEB.uid)).get('all')?.revision, 'v1-b');
      const read = async (file: string) => (await world.read(path, file))?.text;
      const texts = await Promise.all(['kept', 'added', 'gone', 'folder/a', 'folder/b'].map(read));
      assert.deepEqual(texts, ['new', 'y', undefined, undefined, '2']);
    });

    it('holds what is not text, and nothing at all', async () => {
      const data = new Uint8Array([0, 255, 10, 128]);
      const files = [{ path: 'bytes', mode: 0o644, data }];
      await world.files.write(WEB, 'binary', { revision: 'v1-a', medium: 'disk', files });
      assert.equal(await textOf(WEB, 'binary', 'bytes'), Buffer.from(data).toString());
      await world.files.write(WEB, 'empty', content('v1-b.1767323045', {}));
      assert.equal((await world.files.placed(WEB.uid)).get('empty')?.revision, 'v1-b.1767323045');
    });

    it('writes nothing where the revision is in place', async () => {
      await world.files.write(WEB, 'all', content('v1-a', { file: 'first' }));
      await world.files.write(WEB, 'all', content('v1-a', { file: 'second' }));
      assert.equal(await textOf(WEB, 'all', 'file'), 'first');
    });

    it('keeps volumes and pods apart', async () => {
      await world.files.write(WEB, 'one', content('v1-a', { file: '1' }));
      await world.files.write(WEB, 'two', content('v1-a', { file: '2' }));
      await world.files.write(OTHER, 'one', content('v1-c', { file: '3' }));
      const texts = [
        await textOf(WEB, 'one', 'file'),
        await textOf(WEB, 'two', 'file'),
        await textOf(OTHER, 'one', 'file'),
      ];
      assert.deepEqual(texts, ['1', '2', '3']);
      const uids = (await world.files.pods()).map(({ uid }) => uid).sort();
      assert.deepEqual(uids, ['uid-other', 'uid-web']);
    });

    it('has files beside the volumes, which change under those who mounted them, and go with the pod', async () => {
      const paths = await world.files.writeSingle(
        WEB,
        new Map([
          ['hosts', 'one'],
          ['resolv.conf', 'two'],
        ]),
      );
      const [hosts = '', resolver = ''] = [paths.get('hosts'), paths.get('resolv.conf')];
      assert.equal(await world.readSingle(hosts), 'one');
      const again = await world.reopen().writeSingle(WEB, new Map([['hosts', 'three']]));
      assert.equal(again.get('hosts'), hosts);
      assert.deepEqual([await world.readSingle(hosts), await world.readSingle(resolver)], ['three', 'two']);
      assert.deepEqual(await world.files.pods(), [WEB]);
      assert.equal((await world.files.placed(WEB.uid)).size, 0);
      await world.files.remove(WEB.uid);
      assert.equal(await world.readSingle(hosts), undefined);
      assert.equal((await world.files.writeSingle(OTHER, new Map())).size, 0);
      assert.deepEqual(await world.files.pods(), []);
    });

    it('is found again after a restart, with the names of the pods', async () => {
      await world.files.write(WEB, 'all', content('v1-a', { file: 'x' }));
      const path = await pathOf(WEB, 'all');
      const again = world.reopen();
      assert.deepEqual(await again.pods(), [WEB]);
      assert.deepEqual([...(await again.placed(WEB.uid))], [['all', { revision: 'v1-a', path }]]);
    });

    it('removes all of a pod, and nothing of others; what is not there is removed', async () => {
      await world.files.write(WEB, 'all', content('v1-a', { file: 'x' }));
      await world.files.write(OTHER, 'all', content('v1-a', { file: 'y' }));
      await world.files.remove(WEB.uid);
      await world.files.remove(WEB.uid);
      assert.deepEqual(await world.files.pods(), [OTHER]);
      assert.equal((await world.files.placed(WEB.uid)).size, 0);
      assert.equal(await textOf(OTHER, 'all', 'file'), 'y');
    });

    it('makes a folder once, and leaves it alone from then on', async () => {
      await world.files.makeFolder(WEB, 'scratch', { medium: 'disk' });
      const path = await pathOf(WEB, 'scratch');
      await world.files.makeFolder(WEB, 'scratch', { medium: 'disk' });
      await world.files.write(WEB, 'all', content('v1-a', { file: 'x' }));
      assert.equal(await pathOf(WEB, 'scratch'), path);
      const again = await world.reopen().placed(WEB.uid);
      assert.deepEqual(again.get('scratch'), { revision: IN_PLACE, path });
      assert.deepEqual([...again.keys()].sort(), ['all', 'scratch']);
    });

    it('says what a folder takes of the disk, which is nothing while it is empty', async () => {
      await world.files.makeFolder(WEB, 'scratch', { medium: 'disk' });
      const path = await pathOf(WEB, 'scratch');
      assert.equal(await world.files.usedBytes(path), 0);
      await world.files.remove(WEB.uid);
      assert.equal(await world.files.usedBytes(path), 0);
    });

    it('makes what is missing at a path of the machine where its type says so, and keeps it when the pod goes', async () => {
      const types = { DirectoryOrCreate: 'Directory', FileOrCreate: 'File', '': 'Directory' } as const;
      for (const [type, made] of Object.entries(types)) {
        const path = `${world.machinePath}${type}`;
        await world.files.usePath(WEB, `volume${type.toLowerCase()}`, { path, type: type as keyof typeof types });
        assert.equal(await world.typeOf(path), made, type);
        assert.equal(await pathOf(WEB, `volume${type.toLowerCase()}`), path);
      }
      await world.files.remove(WEB.uid);
      assert.equal((await world.files.placed(WEB.uid)).size, 0);
      assert.equal(await world.typeOf(world.machinePath), 'Directory');
    });

    it('refuses a path that is missing or of another type', async () => {
      const use = (type: 'File' | 'Directory' | 'FileOrCreate') =>
        world.files.usePath(WEB, 'path', { path: world.machinePath, type });
      const refusal = (problem: string) => (error: unknown) =>
        isSampanError(error, 'VolumeUnwritable') && error.details.detail === problem;
      const path = world.machinePath;
      await assert.rejects(use('Directory'), refusal(`hostPath ${path} doesn't exist`));
      await use('FileOrCreate');
      await assert.rejects(
        use('Directory'),
        refusal(`hostPath type check failed: ${path} is not a directory, it's a File`),
      );
      await use('File');
    });

    it('finds parts of volumes, and none outside of them', async () => {
      await world.files.makeFolder(WEB, 'scratch', { medium: 'disk' });
      const root = await pathOf(WEB, 'scratch');
      assert.ok((await world.files.subPath(root, 'a/b')).endsWith('/a/b'));
      await assert.rejects(world.files.subPath(root, 'a/../../b'), (error) => isSampanError(error, 'SubPathRefused'));
    });
  });
}
