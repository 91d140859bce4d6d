import assert from 'node:assert/strict';
import { ObjectCache } from '../../../reconcilers/kit/object-cache.ts';
import { readYourWrites } from '../../../reconcilers/kit/read-your-writes.ts';
import type { Draft } from '../../../reconcilers/objects/meta.ts';
import type { Pod } from '../../../reconcilers/objects/pod.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { ObjectClient } from '../../../reconcilers/ports/object-client.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { settle } from '../../fakes/fake-clock.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

const pod = (name: string, app = 'web') =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app } },
    spec: { containers: [{ name: 'web', image: 'web' }] },
  }) as unknown as Draft<Pod>;

const KEY = (name: string) => ({ namespace: 'default', name });

describe('ObjectCache', () => {
  let cluster: TestCluster;
  let stop: AbortController;
  let cache: ObjectCache;
  let log: CollectedLog;
  let ended: Promise<void>;

  async function start(client: ObjectClient): Promise<void> {
    stop = new AbortController();
    log = new CollectedLog();
    cache = new ObjectCache(['Pod', 'Service'], { client, clock: cluster.clock, log });
    ended = cache.run(stop.signal);
    await settle();
  }

  beforeEach(async () => {
    cluster = await createTestCluster();
  });

  afterEach(async () => {
    stop.abort();
    await ended;
  });

  it('lists, follows, and tells each change with what it replaced', async () => {
    await cluster.registry.create('Pod', pod('a'));
    await start(cluster.registry);
    assert.deepEqual(
      cache.list('Pod').map(({ metadata }) => metadata.name),
      ['a'],
    );
    const seen: string[] = [];
    cache.subscribe(({ type, object, previous }) => {
      seen.push(`${type} ${object.metadata.name} ${previous?.metadata.labels?.app ?? '-'}`);
    });
    const created = await cluster.registry.create('Pod', pod('b'));
    await cluster.registry.update('Pod', { ...created, metadata: { ...created.metadata, labels: { app: 'db' } } });
    await cluster.registry.delete('Pod', KEY('b'));
    await settle();
    assert.deepEqual(seen, ['ADDED b -', 'MODIFIED b web', 'DELETED b db']);
    assert.equal(cache.get('Pod', KEY('b')), undefined);
  });

  it('keeps indexes right over changes', async () => {
    await start(cluster.registry);
    const byApp = cache.index('Pod', ({ metadata }) => [metadata.labels?.app ?? '']);
    const created = await cluster.registry.create('Pod', pod('a'));
    await settle();
    assert.equal(byApp.get('web').length, 1);
    await cluster.registry.update('Pod', { ...created, metadata: { ...created.metadata, labels: { app: 'db' } } });
    await settle();
    assert.deepEqual([byApp.get('web').length, byApp.get('db').length], [0, 1]);
  });

  it('lets a writer read its own writes', async () => {
    await start(cluster.registry);
    const client = readYourWrites(cluster.registry, cache);
    for (let i = 0; i < 20; i++) {
      const created = await client.create('Pod', pod(`p${i}`));
      assert.equal(cache.get('Pod', KEY(`p${i}`))?.metadata.resourceVersion, created.metadata.resourceVersion);
    }
    await client.delete('Pod', KEY('p3'));
    assert.equal(cache.get('Pod', KEY('p3')), undefined);
  });

  it('resumes where it was when the connection breaks, and says so once', async () => {
    let broken = 0;
    const flaky: ObjectClient = {
      ...readYourWrites(cluster.registry, { reached: async () => {} } as never),
      async *watch(kinds, options) {
        if (broken < 3) {
          broken += 1;
          throw new SampanError('StoreUnavailable', { endpoint: 'test', detail: 'gone' });
        }
        yield* cluster.registry.watch(kinds, options);
      },
    };
    await start(flaky);
    await cluster.registry.create('Pod', pod('a'));
    await cluster.clock.advance(5_000);
    assert.equal(cache.list('Pod').length, 1);
    assert.equal(log.lines.filter(({ level }) => level === 'error').length, 1);
  });

  it('lists again after a compaction and reports what it missed', async () => {
    await cluster.registry.create('Pod', pod('stays'));
    await cluster.registry.create('Pod', pod('goes'));
    let compactFirst = true;
    const slow: ObjectClient = {
      ...readYourWrites(cluster.registry, { reached: async () => {} } as never),
      async *watch(kinds, options) {
        if (compactFirst) {
          compactFirst = false;
          await cluster.registry.delete('Pod', KEY('goes'));
          await cluster.registry.create('Pod', pod('comes'));
          const { revision } = await cluster.store.list('/registry/');
          await cluster.store.compact(revision);
        }
        yield* cluster.registry.watch(kinds, options);
      },
    };
    const seen: string[] = [];
    stop = new AbortController();
    log = new CollectedLog();
    cache = new ObjectCache(['Pod'], { client: slow, clock: cluster.clock, log });
    cache.subscribe(({ type, object }) => seen.push(`${type} ${object.metadata.name}`));
    ended = cache.run(stop.signal);
    await settle();
    assert.deepEqual(seen, ['ADDED goes', 'ADDED stays', 'ADDED comes', 'DELETED goes']);
  });

  it('stays whole, and as of its last revision, while it lists again', async () => {
    await cluster.registry.create('Pod', pod('stays'));
    const { promise: broken, reject: breakWatch } = Promise.withResolvers<never>();
    broken.catch(() => undefined);
    const { promise: mayList, resolve: letList } = Promise.withResolvers<void>();
    let lists = 0;
    const client: ObjectClient = {
      ...readYourWrites(cluster.registry, { reached: async () => {} } as never),
      async list(kind, options) {
        lists += 1;
        const isAgain = lists > 2;
        const listed = await cluster.registry.list(kind, options);
        if (isAgain && kind === 'Namespace') await mayList;
        return listed;
      },
      async *watch(kinds, options) {
        if (lists <= 2) await broken;
        yield* cluster.registry.watch(kinds, options);
      },
    };
    stop = new AbortController();
    cache = new ObjectCache(['Pod', 'Namespace'], { client, clock: cluster.clock, log: new CollectedLog() });
    ended = cache.run(stop.signal);
    await settle();
    const { revision } = cache;
    await cluster.registry.create('Pod', pod('comes'));
    breakWatch(new SampanError('StoreCompacted', { revision, oldest: revision + 1, newest: revision + 1 }));
    await settle();
    assert.equal(lists, 4);
    assert.deepEqual([cache.revision, cache.list('Pod').length], [revision, 1]);
    letList();
    await settle();
    assert.deepEqual([cache.revision, cache.list('Pod').length], [revision + 1, 2]);
  });
});
