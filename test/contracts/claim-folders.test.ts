/** The contract of claims' folders for the fake and for folders, and what only folders have: modes, and what a crash leaves. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirClaimFolders } from '../../daemon/adapters/claim-folders.ts';
import { isSampanError } from '../../reconcilers/ports/errors.ts';
import { FakeClaimFolders } from '../fakes/fake-claim-folders.ts';
import { describeClaimFolders } from './claim-folders.contract.ts';

describeClaimFolders('fake', async () => {
  const folders = new FakeClaimFolders();
  return { folders, reopen: () => folders, write: (volume) => folders.write(volume), close: async () => {} };
});

describeClaimFolders('a data dir', async () => {
  const root = mkdtempSync(join(tmpdir(), 'sampan-claims-'));
  const open = () => new DataDirClaimFolders(join(root, 'claims'));
  return {
    folders: open(),
    reopen: open,
    write: async (volume) => writeFileSync(join(root, 'claims', volume, 'file'), 'data'),
    close: async () => rmSync(root, { recursive: true }),
  };
});

describe('claim folders in a data dir', () => {
  let root: string;
  let folders: DataDirClaimFolders;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sampan-claims-'));
    folders = new DataDirClaimFolders(join(root, 'claims'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('are open to everybody, below a folder that only the daemon can enter', async () => {
    const before = process.umask(0o077);
    try {
      await folders.make('pvc-a');
    } finally {
      process.umask(before);
    }
    assert.equal(statSync(join(root, 'claims')).mode & 0o777, 0o700);
    assert.equal(statSync(folders.pathOf('pvc-a')).mode & 0o7777, 0o777);
  });

  it('of which a crash left half are made and removed anew', async () => {
    mkdirSync(join(root, 'claims/.new-pvc-a'), { recursive: true });
    mkdirSync(join(root, 'claims/.old-pvc-b/deep'), { recursive: true });
    await folders.make('pvc-a');
    assert.deepEqual(await folders.list(), ['pvc-a']);
    assert.deepEqual(readdirSync(join(root, 'claims')), ['pvc-a']);
  });

  it('are removed without what links in them lead to', async () => {
    mkdirSync(join(root, 'outside'));
    writeFileSync(join(root, 'outside/kept'), '');
    await folders.make('pvc-a');
    symlinkSync(join(root, 'outside'), join(folders.pathOf('pvc-a'), 'link'));
    await folders.remove('pvc-a');
    assert.equal(existsSync(join(root, 'outside/kept')), true);
  });

  it('say which one the file system refuses', async () => {
    writeFileSync(join(root, 'claims'), 'a file where a folder should be');
    await assert.rejects(folders.make('pvc-a'), (error) => {
      assert.ok(isSampanError(error, 'ClaimFolderFailed'));
      assert.match(error.message, /^folder of volume pvc-a: .*; trying again$/);
      return true;
    });
  });
});
