/** manifest-sync under the run loop, with a real folder: from a dropped file to a stored object, and a fix while a commit is broken. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderSource } from '../../../daemon/adapters/folder-source/folder-source.ts';
import { MemoryStore } from '../../../daemon/adapters/memory-store.ts';
import { parseSyncSchedule } from '../../../daemon/adapters/sync-schedule.ts';
import { systemClock } from '../../../daemon/adapters/system-clock.ts';
import { ObjectCache } from '../../../reconcilers/kit/object-cache.ts';
import { readYourWrites } from '../../../reconcilers/kit/read-your-writes.ts';
import { standardAdmissions } from '../../../reconcilers/kit/registry/admission/standard.ts';
import { parseIpv4Range } from '../../../reconcilers/kit/registry/ipv4-range.ts';
import { Registry } from '../../../reconcilers/kit/registry/registry.ts';
import { RunLoop } from '../../../reconcilers/kit/run-loop.ts';
import { createManifestSyncLoop } from '../../../reconcilers/manifest-sync/index.ts';
import { CACHED_KINDS } from '../../../reconcilers/objects/kinds.ts';
import { eventually } from '../../e2e/harness/eventually.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { MemoryArchive } from '../../fakes/fake-source.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';
import { controller } from './sync-fixture.ts';

describe('manifest-sync, running', () => {
  let folder: string;
  let registry: Registry;
  let log: CollectedLog;
  let controllers: AbortController;
  let running: Promise<unknown>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sampan-sync-'));
    log = new CollectedLog();
    controllers = new AbortController();
    const [clock, random] = [systemClock, new SeededRandom()];
    const store = new MemoryStore(clock);
    const ranges = {
      serviceRange: parseIpv4Range('10.96.0.0/24'),
      nodePorts: { first: 30_000, last: 32_767 },
      isApiReachable: false,
    };
    const admissions = standardAdmissions(ranges, { store, clock, random });
    registry = new Registry({ store, clock, random, admissions });
    await registry.create('Namespace', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'default' },
      spec: {},
      status: { phase: 'Active' },
    });
    const cache = new ObjectCache(CACHED_KINDS, { client: registry, clock, log });
    const caching = cache.run(controllers.signal);
    await cache.reached(1);
    const source = new FolderSource('web-1', folder, { clock, log, schedule: await parseSyncSchedule('60s') });
    const loop = createManifestSyncLoop({
      sources: [{ source, onInvalid: 'refuse', pruneLimit: 0.5 }],
      client: readYourWrites(registry, cache),
      cache,
      events: { record: () => {} },
      archive: new MemoryArchive(),
      clock,
      log,
    });
    running = Promise.all([caching, new RunLoop(loop, { cache, clock, random, log }).run(controllers.signal)]);
  });
  afterEach(async () => {
    controllers.abort();
    await running;
    await rm(folder, { recursive: true });
  });
  const image = async () => {
    const found = await registry.get('ReplicationController', { namespace: 'default', name: 'web' });
    return found?.spec.template.spec.containers[0]?.image;
  };

  it('applies what is dropped, edited and deleted, and settles', async () => {
    for (const version of ['web:1', 'web:2']) {
      await writeFile(join(folder, 'web.yaml'), controller('web', { image: version }));
      await eventually(async () => (await image()) === version, { describe: version, everyMs: 2 });
    }
    await rm(join(folder, 'web.yaml'));
    await eventually(async () => (await image()) === undefined, { describe: 'it to be gone' });
    assert.deepEqual(
      log.lines.filter(({ level }) => level === 'error'),
      [],
    );
  });

  it('lets a fix through while it refuses what is broken', async () => {
    await writeFile(join(folder, 'web.yaml'), controller('web', { image: 'web:1' }));
    await eventually(async () => (await image()) === 'web:1', { describe: 'web:1' });
    await writeFile(join(folder, 'web.yaml'), controller('web', { replicas: 'many' }));
    const refused = () => log.lines.some(({ message }) => message.startsWith('a revision is refused'));
    await eventually(refused, { describe: 'the refusal' });
    assert.equal(await image(), 'web:1');
    await writeFile(join(folder, 'web.yaml'), controller('web', { image: 'web:2' }));
    await eventually(async () => (await image()) === 'web:2', { describe: 'web:2' });
  });
});
