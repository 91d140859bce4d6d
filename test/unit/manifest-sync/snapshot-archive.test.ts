/** The file that keeps the last good snapshot. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileSnapshotArchive } from '../../../daemon/adapters/snapshot-archive.ts';

describe('snapshot archive', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sampan-archive-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const snapshot = {
    revision: 'abc',
    subject: 'one',
    files: [{ path: 'a/b.yaml', bytes: Buffer.from([0, 255, 10]) }],
    problems: [{ file: 'c.yaml', message: 'broken' }],
  };

  it('gives back what was saved, byte by byte, to its owner only', async () => {
    await new FileSnapshotArchive(folder).save('web-1', snapshot);
    assert.deepEqual(await new FileSnapshotArchive(folder).load('web-1'), snapshot);
    const { mode } = await stat(join(folder, 'sources/web-1.json'));
    assert.equal(mode & 0o077, 0);
    assert.deepEqual(await readdir(join(folder, 'sources')), ['web-1.json']);
  });

  it('knows nothing of a source that was never saved, and takes a damaged file for none', async () => {
    const archive = new FileSnapshotArchive(folder);
    assert.equal(await archive.load('web-1'), undefined);
    await archive.save('web-1', snapshot);
    await writeFile(join(folder, 'sources/web-1.json'), '{"version":1,"fi');
    assert.equal(await archive.load('web-1'), undefined);
  });
});
