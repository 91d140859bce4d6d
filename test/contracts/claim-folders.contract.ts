/** What every keeper of claims' folders must do: the suite for the fake and for folders. A world writes as a container does. */
import assert from 'node:assert/strict';
import type { ClaimFolders } from '../../reconcilers/ports/claim-folders.ts';
import { isSampanError } from '../../reconcilers/ports/errors.ts';

export interface ClaimWorld {
  readonly folders: ClaimFolders;
  /** The same node after a restart of the daemon. */
  reopen(): ClaimFolders;
  write(volume: string): Promise<void>;
  close(): Promise<void>;
}

const NAME = 'pvc-0b9d5d0c-8a4b-4c41-9c4c-2f1a6f0f7b11';
const OTHER = 'pvc-other';

export function describeClaimFolders(name: string, openWorld: () => Promise<ClaimWorld>): void {
  describe(`claim folders contract: ${name}`, () => {
    let world: ClaimWorld;
    beforeEach(async () => {
      world = await openWorld();
    });
    afterEach(() => world.close());

    it('has nothing at first', async () => {
      assert.deepEqual(await world.folders.list(), []);
      assert.equal(await world.folders.state(NAME), 'absent');
    });

    it('makes a folder once, and keeps what is in it over restarts and later attempts', async () => {
      await world.folders.make(NAME);
      assert.equal(await world.folders.state(NAME), 'empty');
      await world.write(NAME);
      await world.folders.make(NAME);
      const later = world.reopen();
      assert.deepEqual(await later.list(), [NAME]);
      assert.equal(await later.state(NAME), 'used');
      assert.equal(later.pathOf(NAME), world.folders.pathOf(NAME));
    });

    it('removes one with what is in it, and no other; missing is success', async () => {
      for (const volume of [NAME, OTHER]) {
        await world.folders.make(volume);
        await world.write(volume);
      }
      await world.folders.remove(NAME);
      await world.folders.remove(NAME);
      assert.equal(await world.folders.state(NAME), 'absent');
      assert.equal(await world.folders.state(OTHER), 'used');
    });

    it('removes an empty one only where it is empty', async () => {
      await world.folders.make(NAME);
      await world.folders.make(OTHER);
      await world.write(OTHER);
      for (const volume of [NAME, OTHER, 'pvc-missing']) await world.folders.removeEmpty(volume);
      assert.deepEqual(await world.folders.list(), [OTHER]);
    });

    it('knows no folders but its own', () => {
      for (const volume of ['..', '../x', 'a/b', '', '.hidden', '/etc']) {
        assert.throws(
          () => world.folders.pathOf(volume),
          (error) => isSampanError(error, 'ClaimFolderFailed'),
          volume,
        );
      }
    });
  });
}
