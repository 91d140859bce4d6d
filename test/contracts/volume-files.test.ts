/** The contract of pods' volumes for the fake and for folders, and what only folders have: links, privacy, what a crash leaves. */
import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderVolumeFiles } from '../../daemon/adapters/volume-files/folder-volume-files.ts';
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
  return { files: open(), reopen: open, read, readSingle, close: async () => rmSync(folder, { recursive: true }) };
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
  afterEach(() => rmSync(folder, { recursive: true }));

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
});
