/** The contract of pods' volumes for the fake and for folders, and what only folders have: links, privacy, what a crash leaves. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderVolumeFiles } from '../../daemon/adapters/volume-files/folder-volume-files.ts';
import { removeFolder } from '../../daemon/adapters/volume-files/mounts.ts';
import { isSampanError } from '../../reconcilers/ports/errors.ts';
import { FakeVolumeFiles } from '../fakes/fake-volume-files.ts';
import { describeVolumeFiles, type VolumeWorld } from './volume-files.contract.ts';

describeVolumeFiles('fake', async () => {
  const files = new FakeVolumeFiles();
  return {
    files,
    reopen: () => files,
    read: (source, path) => files.read(source, path),
    readSingle: (path) => files.readSingle(path),
    machinePath: '/srv/data',
    typeOf: async (path) => files.machine.get(path),
    close: async () => {},
  };
});

async function read(source: string, path: string) {
  try {
    const file = join(source, path);
    return { text: readFileSync(file, 'utf8'), mode: statSync(file).mode & 0o777 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function folders(roots: (folder: string) => { disk: string; memory?: string }): VolumeWorld {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-volumes-'));
  const open = () => new FolderVolumeFiles(roots(folder));
  const readSingle = async (path: string) => (await read(path, ''))?.text;
  return {
    files: open(),
    reopen: open,
    read,
    readSingle,
    machinePath: join(folder, 'data'),
    typeOf: async (path) => (!existsSync(path) ? undefined : statSync(path).isDirectory() ? 'Directory' : 'File'),
    close: async () => rmSync(folder, { recursive: true }),
  };
}

describeVolumeFiles('folders on a disk', async () => folders((folder) => ({ disk: join(folder, 'disk') })));
describeVolumeFiles('folders on a disk and in memory', async () =>
  folders((folder) => ({ disk: join(folder, 'disk'), memory: join(folder, 'memory') })),
);

describe('volumes in folders', () => {
  const WEB = { namespace: 'default', name: 'web', uid: 'uid-web' };
  let folder: string;
  let files: FolderVolumeFiles;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sampan-volumes-'));
    files = new FolderVolumeFiles({ disk: join(folder, 'disk'), memory: join(folder, 'memory') });
  });
  afterEach(() => removeFolder(folder));

  const write = (revision: string, ...paths: string[]) =>
    files.write(WEB, 'all', {
      revision,
      medium: 'memory',
      files: paths.map((path) => ({ path, mode: 0o644, data: Buffer.from(revision) })),
    });
  const volume = () => join(folder, 'memory/uid-web/volumes/all');

  it('are laid out as programs made for Kubernetes expect: links through ..data, and nothing is left of the past', async () => {
    await write('v1-a', 'token', 'tls/ca.crt');
    await write('v1-b', 'token');
    assert.deepEqual(readdirSync(volume()).sort(), ['..data', '..v1-b', 'token']);
    assert.equal(readFileSync(join(volume(), '..data/token'), 'utf8'), 'v1-b');
  });

  it('are in memory where they are meant to be, and can be entered by the daemon alone', async () => {
    await write('v1-a', 'token');
    await files.write(WEB, 'map', { revision: 'v1-a', medium: 'disk', files: [] });
    for (const path of ['memory', 'memory/uid-web', 'memory/uid-web/volumes', 'disk/uid-web']) {
      assert.equal(statSync(join(folder, path)).mode & 0o777, 0o700, path);
    }
    // The volume itself is what containers of any user see.
    assert.equal(statSync(volume()).mode & 0o777, 0o755);
    assert.deepEqual([...(await files.placed(WEB.uid)).keys()].sort(), ['all', 'map']);
  });

  it('are written anew only where a file that containers have mounted has changed, and it stays the same file', async () => {
    const put = async (text: string) => (await files.writeSingle(WEB, new Map([['hosts', text]]))).get('hosts') ?? '';
    const path = await put('one');
    const before = statSync(path);
    assert.equal(before.mode & 0o777, 0o644);
    await put('one');
    assert.equal(statSync(path).mtimeMs, before.mtimeMs);
    await put('two');
    assert.equal(statSync(path).ino, before.ino);
  });

  it('are measured by what they take of the disk, each file once', async () => {
    await files.makeFolder(WEB, 'scratch', { medium: 'disk' });
    const path = (await files.placed(WEB.uid)).get('scratch')?.path ?? '';
    mkdirSync(join(path, 'deep'));
    writeFileSync(join(path, 'deep/file'), Buffer.alloc(1_000_000, 'x'));
    linkSync(join(path, 'deep/file'), join(path, 'again'));
    symlinkSync(folder, join(path, 'out'));
    const bytes = await files.usedBytes(path);
    assert.ok(bytes >= 1_000_000 && bytes < 1_200_000, `${bytes} bytes`);
  });

  it('goes on after a write that was broken off anywhere', async () => {
    await write('v1-a', 'old');
    mkdirSync(join(volume(), '..v1-b'));
    writeFileSync(join(volume(), '..v1-b/half'), 'half');
    symlinkSync('..v1-b', join(volume(), '..data_tmp'));
    symlinkSync('..data/new', join(volume(), 'new'));
    assert.equal((await files.placed(WEB.uid)).get('all')?.revision, 'v1-a');
    await write('v1-b', 'new');
    assert.deepEqual(readdirSync(volume()).sort(), ['..data', '..v1-b', 'new']);
    assert.deepEqual(readdirSync(join(volume(), '..data')), ['new']);
  });

  it('forgets a pod of which a crash left no more than an empty folder', async () => {
    mkdirSync(join(folder, 'disk/uid-half'), { recursive: true });
    assert.deepEqual(await files.pods(), []);
    assert.deepEqual(readdirSync(join(folder, 'disk')), []);
  });

  it('says which volume of which pod cannot be written', async () => {
    writeFileSync(join(folder, 'memory'), 'a file where a folder should be');
    await assert.rejects(write('v1-a', 'token'), (error) => {
      assert.ok(isSampanError(error, 'VolumeUnwritable'));
      assert.match(error.message, /^volume all of pod default\/web cannot be written: .*; trying again$/);
      return true;
    });
  });

  it('of folders are for everybody to write to, and those of a group belong to it and to whatever is made in them', async function () {
    await files.makeFolder(WEB, 'scratch', { medium: 'disk' });
    const scratch = (await files.placed(WEB.uid)).get('scratch')?.path ?? '';
    assert.equal(statSync(scratch).mode & 0o7777, 0o777);
    if (process.getuid?.() !== 0) this.skip();
    await files.makeFolder(WEB, 'shared', { medium: 'disk', group: 4242 });
    const shared = statSync((await files.placed(WEB.uid)).get('shared')?.path ?? '');
    assert.deepEqual([shared.mode & 0o7777, shared.uid, shared.gid], [0o2777, 0, 4242]);
    const part = statSync(await files.subPath((await files.placed(WEB.uid)).get('shared')?.path ?? '', 'a/b'));
    assert.deepEqual([part.mode & 0o7777, part.gid], [0o2777, 4242]);
  });

  it('of files are readable by their group, whatever their modes, and a file may have an owner', async function () {
    if (process.getuid?.() !== 0) this.skip();
    const all = [
      { path: 'keys/private', mode: 0o400, data: Buffer.from('k') },
      { path: 'token', mode: 0o600, data: Buffer.from('t'), owner: 1000 },
    ];
    await files.write(WEB, 'all', { revision: 'v1-a', medium: 'memory', group: 4242, files: all });
    const of = (path: string) => {
      const { mode, uid, gid } = statSync(join(volume(), path));
      return [mode & 0o7777, uid, gid];
    };
    assert.deepEqual(of('keys/private'), [0o440, 0, 4242]);
    assert.deepEqual(of('token'), [0o640, 1000, 4242]);
    assert.deepEqual(of('keys'), [0o2755, 0, 4242]);
  });

  it('of folders in memory are file systems of their own, no larger than they may be, and leave no mount behind', async function () {
    if (process.getuid?.() !== 0) this.skip();
    await files.makeFolder(WEB, 'cache', { medium: 'memory', sizeBytes: 1 << 20 });
    const path = (await files.placed(WEB.uid)).get('cache')?.path ?? '';
    const { type, blocks, bsize } = statfsSync(path);
    assert.deepEqual([type, blocks * bsize], [0x01021994, 1 << 20]);
    assert.equal(statSync(path).mode & 0o7777, 0o777);
    writeFileSync(join(path, 'small'), 'kept');
    assert.throws(() => writeFileSync(join(path, 'large'), Buffer.alloc(2 << 20)), /ENOSPC/);
    // The daemon of before made it, this one finds it.
    const next = new FolderVolumeFiles({ disk: join(folder, 'disk'), memory: join(folder, 'memory') });
    await next.makeFolder(WEB, 'cache', { medium: 'memory', sizeBytes: 1 << 20 });
    assert.equal(readFileSync(join(path, 'small'), 'utf8'), 'kept');
    await next.remove(WEB.uid);
    assert.equal(readFileSync('/proc/self/mountinfo', 'utf8').includes(folder), false);
    assert.equal(existsSync(join(folder, 'memory/uid-web')), false);
  });

  it('go without what is mounted in them, and without the paths of the machine that they are', async () => {
    mkdirSync(join(folder, 'machine'));
    writeFileSync(join(folder, 'machine/file'), 'kept');
    await files.usePath(WEB, 'path', { path: join(folder, 'machine'), type: 'Directory' });
    await files.makeFolder(WEB, 'scratch', { medium: 'disk' });
    const inside = join((await files.placed(WEB.uid)).get('scratch')?.path ?? '', 'in side');
    mkdirSync(inside);
    // As a privileged container may do it.
    if (process.getuid?.() === 0) execFileSync('mount', ['--bind', join(folder, 'machine'), inside]);
    await files.remove(WEB.uid);
    assert.equal(existsSync(inside), false);
    assert.equal(readFileSync(join(folder, 'machine/file'), 'utf8'), 'kept');
  });

  it('that were there before are given to a group with all that is in them, or only where they are not yet', async function () {
    if (process.getuid?.() !== 0) this.skip();
    const path = join(folder, 'machine');
    mkdirSync(join(path, 'deep'), { recursive: true });
    writeFileSync(join(path, 'deep/file'), '', { mode: 0o600 });
    writeFileSync(join(folder, 'outside'), '', { mode: 0o600 });
    symlinkSync(join(folder, 'outside'), join(path, 'link'));
    const of = (name: string) => {
      const { mode, gid } = statSync(join(folder, name));
      return [mode & 0o7777, gid];
    };
    const use = (policy: 'Always' | 'OnRootMismatch', uid: string) =>
      files.usePath({ ...WEB, uid }, 'path', { path, type: 'Directory', group: { id: 4242, policy } });
    await use('OnRootMismatch', 'uid-1');
    assert.deepEqual(
      [of('machine'), of('machine/deep')],
      [
        [0o2775, 4242],
        [0o2775, 4242],
      ],
    );
    assert.deepEqual(
      [of('machine/deep/file'), of('outside')],
      [
        [0o660, 4242],
        [0o600, 0],
      ],
    );
    writeFileSync(join(path, 'later'), '', { mode: 0o600 });
    await use('OnRootMismatch', 'uid-2');
    assert.equal(statSync(join(path, 'later')).mode & 0o777, 0o600);
    await use('Always', 'uid-3');
    assert.equal(statSync(join(path, 'later')).mode & 0o777, 0o660);
  });

  it('have no part outside of them, however many links lead there', async () => {
    await files.makeFolder(WEB, 'scratch', { medium: 'disk' });
    const root = (await files.placed(WEB.uid)).get('scratch')?.path ?? '';
    mkdirSync(join(folder, 'outside'));
    mkdirSync(join(root, 'inside'));
    symlinkSync('inside', join(root, 'there'));
    symlinkSync(join(folder, 'outside'), join(root, 'out'));
    symlinkSync('out', join(root, 'around'));
    symlinkSync('..', join(root, 'up'));
    assert.equal(await files.subPath(root, 'there/new'), join(root, 'inside/new'));
    for (const path of ['out', 'out/new', 'around', 'up', 'up/scratch']) {
      await assert.rejects(files.subPath(root, path), (error) => {
        assert.ok(isSampanError(error, 'SubPathRefused'));
        assert.equal(error.details.detail, 'it leads out of the volume');
        return true;
      });
    }
    assert.deepEqual(readdirSync(join(folder, 'outside')), []);
  });

  it('show a key that comes after a mount has asked for it', async () => {
    await write('v1-a');
    assert.equal(await files.subPath(volume(), 'late'), join(volume(), 'late'));
    await write('v1-b', 'late');
    assert.equal(readFileSync(await files.subPath(volume(), 'late'), 'utf8'), 'v1-b');
  });
});
