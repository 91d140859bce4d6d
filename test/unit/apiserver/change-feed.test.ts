import assert from 'node:assert/strict';
import { ChangeFeed } from '../../../daemon/apiserver/change-feed.ts';
import { ObjectCache } from '../../../reconcilers/kit/object-cache.ts';
import type { ConfigMap } from '../../../reconcilers/objects/kinds/config-map.ts';
import type { ChangeBatch } from '../../../reconcilers/ports/object-client.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { FakeClock, settle } from '../../fakes/fake-clock.ts';

function change(revision: number): ChangeBatch {
  const metadata = { name: `a${revision}`, namespace: 'default', resourceVersion: String(revision) };
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata } as ConfigMap;
  return { revision, changes: [{ type: 'ADDED', kind: 'ConfigMap', object }] };
}

describe('the change feed', () => {
  const stop = new AbortController();
  let feed: ChangeFeed;
  let clock: FakeClock;
  let history: ChangeBatch[];

  beforeEach(() => {
    history = [];
    const client = {
      async *watch() {
        yield* history;
      },
    };
    clock = new FakeClock();
    const cache = new ObjectCache([], { client: client as never, clock, log: new CollectedLog() });
    feed = new ChangeFeed(cache, client as never, clock);
    feed.restarted(10);
  });

  const write = (from: number, to: number) => {
    for (let revision = from; revision <= to; revision++) feed.changed(change(revision));
  };

  it('hands a watcher what it has not seen, and then what comes', async () => {
    write(11, 12);
    const watcher = feed.after('ConfigMap', 11, stop.signal);
    const first = await watcher.next();
    assert.deepEqual([first.value?.revision, first.value?.changes.length], [12, 1]);
    const next = watcher.next();
    write(13, 13);
    assert.equal((await next).value?.revision, 13);
  });

  it('tells a watcher of other kinds how far it is', async () => {
    write(11, 12);
    const { value } = await feed.after('Pod', 10, stop.signal).next();
    assert.deepEqual([value?.revision, value?.changes.length], [12, 0]);
  });

  it('hands those that are at the same place the same batch, until something changes', async () => {
    write(11, 12);
    const batchAt = async (revision: number) => (await feed.after('ConfigMap', revision, stop.signal).next()).value;
    const first = await batchAt(11);
    assert.equal(await batchAt(11), first);
    assert.notEqual(await batchAt(10), first);
    write(13, 13);
    const later = await batchAt(11);
    assert.deepEqual([later?.revision, later?.changes.length], [13, 2]);
  });

  it('reads what is older than itself from the history of the store', async () => {
    history = [change(8), change(9), change(10)];
    write(11, 11);
    const watcher = feed.after('ConfigMap', 7, stop.signal);
    const seen: (number | undefined)[] = [];
    for (let count = 0; count < 4; count++) seen.push((await watcher.next()).value?.revision);
    assert.deepEqual(seen, [8, 9, 10, 11]);
  });

  it('lets a watcher that reads too slowly know that it has missed something', async () => {
    const watcher = feed.after('ConfigMap', 10, stop.signal);
    write(11, 11);
    assert.equal((await watcher.next()).value?.revision, 11);
    write(12, 25_000);
    await assert.rejects(watcher.next(), { code: 'StoreCompacted', status: 410, reason: 'Expired' });
    const other = await feed.after('ConfigMap', 20_000, stop.signal).next();
    assert.equal(other.value?.changes.length, 5_000, 'who keeps up is not concerned');
  });

  it('does not keep for long what everybody has been told; who asks for it then reads the history', async () => {
    const watcher = feed.after('ConfigMap', 10, stop.signal);
    write(11, 11);
    await watcher.next();
    history = [change(11), change(12), change(13)];
    for (const revision of [12, 13]) {
      await clock.advance(16_000);
      write(revision, revision);
      assert.equal((await watcher.next()).value?.revision, revision, 'who listens is told all the same');
    }
    const reading = feed.after('ConfigMap', 10, stop.signal);
    history = [change(11), change(12)];
    const seen: (number | undefined)[] = [];
    for (let count = 0; count < 3; count++) seen.push((await reading.next()).value?.revision);
    assert.deepEqual(seen, [11, 12, 13]);
  });

  it('lets every watcher know where the cache had to begin again', async () => {
    const watcher = feed.after('ConfigMap', 10, stop.signal);
    const next = watcher.next();
    await settle();
    feed.restarted(40);
    await assert.rejects(next, { code: 'StoreCompacted' });
  });

  it('ends quietly with its watcher', async () => {
    const gone = new AbortController();
    const next = feed.after('ConfigMap', 10, gone.signal).next();
    await settle();
    gone.abort();
    assert.equal((await next).done, true);
  });
});
