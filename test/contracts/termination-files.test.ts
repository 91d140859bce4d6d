/** What every keeper of containers' last words must do: the suite for the fake and for a folder. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FolderTerminationFiles } from '../../daemon/adapters/folder-termination-files.ts';
import type { TerminationFiles } from '../../reconcilers/ports/termination-files.ts';
import { FakeTerminationFiles } from '../fakes/fake-termination-files.ts';

interface World {
  readonly files: TerminationFiles;
  /** As a container does. */
  readonly write: (path: string, text: string) => Promise<void>;
  readonly close: () => void;
}

function describeTerminationFiles(name: string, open: () => World): void {
  describe(`termination files contract: ${name}`, () => {
    let world: World;
    beforeEach(() => {
      world = open();
    });
    afterEach(() => world.close());

    it('has none at first', async () => {
      assert.deepEqual(await world.files.names(), []);
      assert.equal(await world.files.read('uid_web_0', 100), '');
      await world.files.remove('uid_web_0');
    });

    it('gives back what a container wrote, and no more of it than is asked for', async () => {
      const path = await world.files.make('uid_web_0');
      assert.ok(path.startsWith('/'));
      assert.equal(await world.files.read('uid_web_0', 100), '');
      await world.write(path, 'the last words');
      assert.equal(await world.files.read('uid_web_0', 100), 'the last words');
      assert.equal(await world.files.read('uid_web_0', 8), 'the last');
    });

    it('keeps a file that is there', async () => {
      await world.write(await world.files.make('uid_web_0'), 'words');
      await world.files.make('uid_web_0');
      assert.equal(await world.files.read('uid_web_0', 100), 'words');
    });

    it('keeps them apart, and removes the one', async () => {
      await world.write(await world.files.make('uid_web_0'), 'a');
      await world.write(await world.files.make('uid_web_1'), 'b');
      await world.files.remove('uid_web_0');
      assert.deepEqual(await world.files.names(), ['uid_web_1']);
      assert.equal(await world.files.read('uid_web_1', 100), 'b');
    });
  });
}

describeTerminationFiles('fake', () => {
  const files = new FakeTerminationFiles();
  return { files, write: (path, text) => files.write(path, text), close: () => {} };
});

function folder() {
  const root = mkdtempSync(join(tmpdir(), 'sampan-termination-'));
  const files = new FolderTerminationFiles(join(root, 'messages'));
  return { files, write: writeFile, close: () => rmSync(root, { recursive: true }) };
}

describeTerminationFiles('a folder', folder);

describe('termination files in a folder', () => {
  it('can be written by anybody who has them, in a folder that only the daemon can enter', async () => {
    const { files, close } = folder();
    const path = await files.make('uid_web_0');
    assert.equal(statSync(path).mode & 0o777, 0o666);
    assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
    close();
  });
});
