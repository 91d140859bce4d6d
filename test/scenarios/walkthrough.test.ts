/**
 * The walkthrough on fakes, all loops wired as the daemon wires them: six manifests become seven pods and their routes; a restarted
 * daemon touches none of it; a settled one does nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteStore } from '../../daemon/adapters/sqlite-store/sqlite-store.ts';
import { walkthroughFiles } from './harness/declared.ts';
import { checkConverged, checkQuiet, checkUntouched, runningIds } from './harness/invariants.ts';
import { World, type WorldOptions } from './harness/world.ts';

const IMAGES = ['upperstring', 'reversistring', 'tcpserver'];

describe('the walkthrough', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-scenario-'));
  after(() => rmSync(folder, { recursive: true }));

  const stores: Record<string, Partial<WorldOptions>> = {
    memory: {},
    sqlite: { openStore: (clock) => new SqliteStore(join(folder, 'store.db'), clock) },
  };
  for (const [name, options] of Object.entries(stores)) {
    it(`deploys, survives a restart untouched and rests, on the ${name} store`, async () => {
      const world = new World({ images: IMAGES, ...options });
      const machine = world.addMachine();
      const files = walkthroughFiles();
      const revision = world.source.set(files);
      await machine.start();
      await world.until(() => checkConverged(world, files, revision));
      const before = runningIds(world);

      await machine.start();
      await world.advance(10_000);
      checkConverged(world, files, revision);
      checkUntouched(world, before);
      await checkQuiet(world, 15 * 60_000);
      await world.end();
    });
  }
});
