/**
 * What every store must do, whatever it is made of: the contract of reconcilers/ports/store.ts as tests. `store.test.ts` runs it
 * against memory, SQLite and a real etcd. Keys live below a prefix of each test's own, as etcd is shared between them.
 */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import type { ErrorCode } from '../../reconcilers/ports/errors.ts';
import { isSampanError } from '../../reconcilers/ports/errors.ts';
import type { Store, StoredValue, StoreEvents, Write } from '../../reconcilers/ports/store.ts';
import { eventually } from '../e2e/harness/eventually.ts';

/** Where a store under test keeps its data, and how its time passes. */
export interface StoreBed {
  /** Opens the store on the bed's data; after a close, on the same data again. */
  open(): Promise<Store>;
  /** Lets time pass: a fake clock is moved on; a real backend takes the time it takes. */
  elapse(ms: number): Promise<void>;
  /** How many watches the backend itself still holds, where it can be asked. */
  openWatches?(): Promise<number>;
  remove(): Promise<void>;
}

const PATIENCE_MS = 8_000;
/** Longer than the shortest TTL etcd grants. */
const TTL_SECONDS = 3;
let tests = 0;

/** `durable`: whether the data outlives `close()`. */
export function storeContract(name: string, makeBed: () => Promise<StoreBed>, { durable }: { durable: boolean }): void {
  describe(`store contract: ${name}`, function () {
    this.timeout(30_000);
    let bed: StoreBed;
    let store: Store;
    /** `/t7/`: all keys of the test are below it. */
    let root: string;

    before(async () => {
      bed = await makeBed();
      store = await bed.open();
    });
    after(async () => {
      await store?.close();
      await bed?.remove();
    });
    beforeEach(() => {
      tests += 1;
      root = `/t${tests}/`;
    });

    const put = (key: string, value = 'v', lease?: string): Write => ({
      op: 'put',
      key: root + key,
      value,
      ...(lease !== undefined && { lease }),
    });
    const remove = (key: string): Write => ({ op: 'delete', key: root + key });
    const write = async (...writes: Write[]): Promise<number> => {
      const result = await store.commit({ conditions: [], writes });
      assert.ok(result.committed);
      return result.revision;
    };
    const now = async (): Promise<number> => (await store.list(root)).revision;
    const keysOf = (values: readonly StoredValue[]): string[] => values.map(({ key }) => key.slice(root.length));
    const list = async (prefix = '', options = {}): Promise<string[]> =>
      keysOf((await store.list(root + prefix, options)).values);
    /** The first `count` batches after `after`. */
    const watched = (after: number, count: number, prefix = root): Promise<StoreEvents[]> =>
      collect(store, prefix, after, (batches) => batches.length >= count);

    describe('reading', () => {
      it('gets what was put, with its revisions', async () => {
        const created = await write(put('a', '{"n":1}'));
        const updated = await write(put('a', '{"n":2}'));
        assert.deepEqual(await store.get(`${root}a`), {
          key: `${root}a`,
          value: '{"n":2}',
          createRevision: created,
          modRevision: updated,
        });
        assert.equal(await store.get(`${root}b`), undefined);
      });

      it('tells the revision of the last write, wherever it was', async () => {
        const written = await write(put('a'));
        assert.equal(await store.revision(), written);
        const removed = await write(remove('a'));
        assert.equal(await store.revision(), removed);
      });

      it('starts a key anew after its deletion', async () => {
        await write(put('a'));
        await write(remove('a'));
        assert.equal(await store.get(`${root}a`), undefined);
        const again = await write(put('a'));
        assert.equal((await store.get(`${root}a`))?.createRevision, again);
      });

      it('lists a prefix in the order of its keys, and nothing beside it', async () => {
        await write(put('a/b/2'), put('a/b/10'), put('a/bc'), put('a/b'), put('a/c'), put('b'));
        assert.deepEqual(await list('a/b/'), ['a/b/10', 'a/b/2']);
        assert.deepEqual(await list('a/b'), ['a/b', 'a/b/10', 'a/b/2', 'a/bc']);
        assert.deepEqual(await list('nothing/'), []);
      });

      it('lists page by page', async () => {
        await write(put('k1'), put('k2'), put('k3'), put('k4'), put('k5'));
        const first = await store.list(root, { limit: 2 });
        assert.deepEqual([keysOf(first.values), first.more], [['k1', 'k2'], true]);
        const second = await store.list(root, { limit: 3, after: `${root}k2`, revision: first.revision });
        assert.deepEqual([keysOf(second.values), second.more], [['k3', 'k4', 'k5'], false]);
        assert.deepEqual(await list('', { after: `${root}k5` }), []);
        assert.deepEqual(await list('', { after: `${root}k22` }), ['k3', 'k4', 'k5']);
        assert.deepEqual(await list('k4', { after: root }), ['k4']);
      });

      it('lists as of a revision', async () => {
        const first = await write(put('a', '1'), put('b', '1'));
        const second = await write(put('a', '2'), remove('b'), put('c', '2'));
        await write(put('c', '3'));
        const then = await store.list(root, { revision: first });
        assert.deepEqual(keysOf(then.values), ['a', 'b']);
        assert.deepEqual([then.values[0]?.value, then.values[0]?.modRevision, then.revision], ['1', first, first]);
        const later = await store.list(root, { revision: second });
        assert.deepEqual(
          later.values.map(({ value }) => value),
          ['2', '2'],
        );
        assert.deepEqual(await list('', { revision: first, limit: 1, after: `${root}a` }), ['b']);
      });

      it('lists more keys than one request carries', async () => {
        const names = Array.from({ length: 2_300 }, (_, index) => `k${String(index).padStart(5, '0')}`);
        for (let at = 0; at < names.length; at += 100) await write(...names.slice(at, at + 100).map((key) => put(key)));
        assert.deepEqual(await list(), names);
        const most = await store.list(root, { limit: 2_299 });
        assert.deepEqual([most.values.length, most.more], [2_299, true]);
      });

      it('keeps values of a megabyte, and text of any script', async () => {
        const large = `{"x":"${'ä'.repeat(500_000)}"}`;
        await write(put('large', large), put('名前/Ω😀', '"\u0001 \\u0000 \u{1f600} ✓"'));
        assert.equal((await store.get(`${root}large`))?.value, large);
        assert.equal((await store.get(`${root}名前/Ω😀`))?.value, '"\u0001 \\u0000 \u{1f600} ✓"');
        assert.deepEqual(await list('名前/'), ['名前/Ω😀']);
      });

      it('orders keys by their bytes', async () => {
        await write(put('k\u{1f600}'), put('k\uff5e'), put('k\u00e4'), put('kz'), put('k'));
        assert.deepEqual(await list(), ['k', 'kz', 'k\u00e4', 'k\uff5e', 'k\u{1f600}']);
      });
    });

    describe('commit', () => {
      it('gives each transaction the next revision', async () => {
        const first = await write(put('a'));
        assert.equal(await write(put('b'), put('c')), first + 1);
        assert.equal(await write(put('a')), first + 2);
        assert.equal(await now(), first + 2);
      });

      it('writes only where the conditions hold, and says which did not', async () => {
        const created = await write(put('a', '1'), put('b', '1'));
        const refused = await store.commit({
          conditions: [
            { key: `${root}a`, modRevision: created },
            { key: `${root}b`, modRevision: created - 1 },
            { key: `${root}c`, modRevision: created },
          ],
          writes: [put('a', '2'), put('new', '2'), remove('b')],
        });
        assert.deepEqual(refused, { committed: false, revision: created, failed: [`${root}b`, `${root}c`] });
        assert.deepEqual(await list(), ['a', 'b']);
        assert.equal(await now(), created);

        const taken = await store.commit({
          conditions: [
            { key: `${root}a`, modRevision: created },
            { key: `${root}new`, modRevision: 0 },
          ],
          writes: [put('a', '2'), put('new', '2'), remove('b')],
        });
        assert.deepEqual(taken, { committed: true, revision: created + 1 });
        assert.deepEqual(await list(), ['a', 'new']);
      });

      it('creates only what is not there', async () => {
        const create = { conditions: [{ key: `${root}a`, modRevision: 0 }], writes: [put('a')] };
        const results = await Promise.all([store.commit(create), store.commit(create), store.commit(create)]);
        assert.equal(results.filter(({ committed }) => committed).length, 1);
        await write(remove('a'));
        assert.ok((await store.commit(create)).committed);
      });

      it('makes no revision and no event where nothing is written', async () => {
        const before = await write(put('a'));
        assert.equal(await write(remove('missing')), before);
        assert.deepEqual(await store.commit({ conditions: [], writes: [] }), { committed: true, revision: before });
        const after = await write(put('b'), remove('missing'));
        assert.equal(after, before + 1);
        const [batch] = await watched(before, 1);
        assert.deepEqual(
          batch?.events.map(({ key }) => key),
          [`${root}b`],
        );
      });

      it('loses none of a thousand interleaved increments by eight writers', async () => {
        await write(put('counter', '0'));
        let conflicts = 0;
        const increment = async (): Promise<void> => {
          for (;;) {
            const current = (await store.get(`${root}counter`)) as StoredValue;
            const { committed } = await store.commit({
              conditions: [{ key: `${root}counter`, modRevision: current.modRevision }],
              writes: [put('counter', String(Number(current.value) + 1))],
            });
            if (committed) return;
            conflicts += 1;
          }
        };
        const writers = Array.from({ length: 8 }, async () => {
          for (let n = 0; n < 125; n++) await increment();
        });
        await Promise.all(writers);
        assert.equal((await store.get(`${root}counter`))?.value, '1000');
        assert.ok(conflicts > 0, 'the writers never met: the test shows nothing');
      });

      it('refuses what etcd would: a key twice, more than 128 writes', async () => {
        const before = await now();
        await rejects(store.commit({ conditions: [], writes: [put('a'), remove('a')] }), 'BadRequest');
        const many = Array.from({ length: 129 }, (_, index) => put(`k${index}`));
        await rejects(store.commit({ conditions: [], writes: many }), 'BadRequest');
        assert.equal(await write(...many.slice(1)), before + 1);
      });
    });

    describe('watch', () => {
      it('delivers the history after a revision, then what comes, each transaction as one', async () => {
        const start = await write(put('old'));
        const first = await write(put('b', '1'), put('a', '1'), put('c', '1'));
        const soFar = watched(start, 3);
        const second = await write(remove('b'), put('a', '2'));
        const third = await write(put('d', '3'));
        const batches = await soFar;
        assert.deepEqual(
          batches.map(({ revision, events }) => [revision, events.map(({ type, key }) => `${type} ${key}`)]),
          [
            [first, [`put ${root}a`, `put ${root}b`, `put ${root}c`]],
            [second, [`put ${root}a`, `delete ${root}b`]],
            [third, [`put ${root}d`]],
          ],
        );
      });

      it('tells what each write replaced', async () => {
        const created = await write(put('a', '1'));
        const updated = await write(put('a', '2'));
        const removed = await write(remove('a'));
        const again = await write(put('a', '3'));
        const batches = await watched(created - 1, 4);
        const key = `${root}a`;
        const one = { key, value: '1', createRevision: created, modRevision: created };
        const two = { key, value: '2', createRevision: created, modRevision: updated };
        const three = { key, value: '3', createRevision: again, modRevision: again };
        assert.deepEqual(batches, [
          { revision: created, events: [{ type: 'put', key, value: one }] },
          { revision: updated, events: [{ type: 'put', key, value: two, previous: one }] },
          { revision: removed, events: [{ type: 'delete', key, previous: two }] },
          { revision: again, events: [{ type: 'put', key, value: three }] },
        ]);
      });

      it('keeps to its prefix', async () => {
        const start = await now();
        await write(put('a/bc'), put('b'));
        const revision = await write(put('a/b/x'), put('a/bc'));
        await write(put('a/c'));
        const last = await write(put('a/b/y'));
        const batches = await watched(start, 2, `${root}a/b/`);
        assert.deepEqual(
          batches.map((batch) => [batch.revision, batch.events.map(({ key }) => key)]),
          [
            [revision, [`${root}a/b/x`]],
            [last, [`${root}a/b/y`]],
          ],
        );
      });

      it('has no gap and no duplicate, wherever it starts among concurrent writers', async () => {
        const start = await now();
        const total = 400;
        let written = 0;
        const writers = Array.from({ length: 8 }, async (_, writer) => {
          while (written < total) await write(put(`w${writer}`, String(written++)));
        });
        const watches = Array.from({ length: 5 }, async (_, index) => {
          await eventually(() => written >= index * 70, { describe: 'the writers', everyMs: 1 });
          return collect(store, root, start, (batches) => batches.at(-1)?.events[0]?.key === `${root}last`);
        });
        await Promise.all(writers);
        const last = await write(put('last'));
        for (const batches of await Promise.all(watches)) {
          const revisions = batches.map(({ revision }) => revision);
          assert.deepEqual(
            revisions,
            [...revisions].sort((a, b) => a - b),
          );
          assert.equal(new Set(revisions).size, revisions.length);
          assert.equal(revisions.length, last - start);
        }
      });

      it('delivers a large transaction whole', async () => {
        const start = await now();
        const value = 'x'.repeat(10_000);
        await write(...Array.from({ length: 120 }, (_, n) => put(`k${String(n).padStart(3, '0')}`, value)));
        await write(...Array.from({ length: 120 }, (_, n) => put(`k${String(n).padStart(3, '0')}`, `${value}2`)));
        const revision = await write(
          ...Array.from({ length: 120 }, (_, n) => remove(`k${String(n).padStart(3, '0')}`)),
        );
        const batches = await watched(start, 3);
        assert.deepEqual(
          batches.map(({ events }) => events.length),
          [120, 120, 120],
        );
        assert.equal(batches[2]?.revision, revision);
        assert.ok(batches[2]?.events.every(({ previous }) => previous?.value === `${value}2`));
      });

      it('ends quietly and leaves nothing behind when it is aborted', async () => {
        const start = await now();
        const handles = process.getActiveResourcesInfo().length;
        const shared = new AbortController();
        const ends = Array.from({ length: 30 }, () =>
          drain(store.watch(root, { after: start, signal: shared.signal })),
        );
        const seen = watched(start, 1);
        await write(put('a'));
        await seen;
        shared.abort();
        assert.deepEqual(await Promise.all(ends), Array(30).fill('ended'));
        assert.equal(await drain(store.watch(root, { after: start, signal: shared.signal })), 'ended');

        const kept = new AbortController();
        for await (const _ of store.watch(root, { after: start, signal: kept.signal })) break;
        assert.equal(getEventListeners(kept.signal, 'abort').length, 0);
        assert.equal(getEventListeners(shared.signal, 'abort').length, 0);
        await eventually(() => process.getActiveResourcesInfo().length <= handles, {
          describe: 'handles to be closed',
        });
        if (bed.openWatches) {
          await eventually(async () => (await bed.openWatches?.()) === 0, { describe: 'the backend to have no watch' });
        }
      });

      it('lets a slow reader catch up', async () => {
        const start = await now();
        const stop = new AbortController();
        const slow = store.watch(root, { after: start, signal: stop.signal })[Symbol.asyncIterator]();
        const first = slow.next();
        for (let n = 0; n < 300; n++) await write(put('a', String(n)));
        let seen = (await first).value.revision;
        assert.equal(seen, start + 1);
        while (seen < start + 300) {
          const { revision } = (await slow.next()).value;
          assert.equal(revision, seen + 1);
          seen = revision;
        }
        stop.abort();
        assert.equal((await slow.next()).done, true);
      });
    });

    describe('compaction', () => {
      it('drops the history before a revision and keeps what is current', async () => {
        const first = await write(put('a', '1'), put('kept', '1'), put('gone', '1'));
        const second = await write(put('a', '2'));
        const third = await write(put('a', '3'), remove('gone'));
        const fourth = await write(put('a', '4'), remove('kept'));
        await store.compact(third);

        for (const revision of [first, second]) {
          await rejects(store.list(root, { revision }), 'StoreCompacted');
          await rejects(watched(revision, 1), 'StoreCompacted');
        }
        const then = await store.list(root, { revision: third });
        assert.deepEqual(
          then.values.map(({ value }) => value),
          ['3', '1'],
        );
        const [batch] = await watched(third, 1);
        assert.equal(batch?.revision, fourth);
        assert.deepEqual(
          batch?.events.map(({ previous }) => previous?.value),
          ['3', '1'],
        );
        assert.deepEqual(await list(), ['a']);
        assert.equal(await now(), fourth);
        assert.ok(
          (await store.commit({ conditions: [{ key: `${root}a`, modRevision: fourth }], writes: [put('a')] }))
            .committed,
        );
      });

      it('may be repeated, but not ask for what is still to come', async () => {
        const revision = await write(put('a'));
        await store.compact(revision);
        await store.compact(revision);
        await store.compact(revision - 1);
        await rejects(store.compact(revision + 1), 'BadRequest');
        assert.deepEqual(await list(), ['a']);
      });

      it('does not disturb a watch that is up to date', async () => {
        const start = await write(put('a', '1'));
        const soFar = watched(start, 3);
        await write(put('a', '2'));
        const second = await write(put('a', '3'));
        await eventually(async () => (await watched(start, 2)).length === 2, { describe: 'the events to be there' });
        const other = new AbortController();
        const live = store.watch(root, { after: second, signal: other.signal })[Symbol.asyncIterator]();
        const next = live.next();
        await store.compact(second);
        await write(put('a', '4'));
        assert.equal((await next).value.revision, second + 1);
        assert.equal((await soFar).length, 3);
        other.abort();
        await live.return?.();
      });

      it('tells a watcher from a future the store never had to list again', async () => {
        await rejects(watched((await now()) + 100, 1), 'StoreCompacted');
        await rejects(store.list(root, { revision: (await now()) + 100 }), 'StoreCompacted');
      });
    });

    describe('leases', () => {
      it('deletes the keys of a lease that is not renewed, under one revision', async () => {
        const lease = await store.grantLease(TTL_SECONDS);
        const start = await write(put('a', '1', lease.id), put('b', '1', lease.id), put('c', '1'));
        await write(put('b', '2'));
        await write(put('d', '1', lease.id));
        await bed.elapse(lease.ttlSeconds * 1000);
        const batches = await watched(start, 3);
        assert.deepEqual(
          batches[2]?.events.map(({ type, key, previous }) => [type, key, previous?.value]),
          [
            ['delete', `${root}a`, '1'],
            ['delete', `${root}d`, '1'],
          ],
        );
        assert.deepEqual(await list(), ['b', 'c']);
        await rejects(lease.renew(), 'NotFound');
        await rejects(store.commit({ conditions: [], writes: [put('e', '1', lease.id)] }), 'NotFound');
        assert.equal(await store.get(`${root}e`), undefined);
      });

      it('keeps them while it is renewed', async () => {
        const lease = await store.grantLease(TTL_SECONDS);
        const other = await store.grantLease(TTL_SECONDS);
        const start = await write(put('renewed', '1', lease.id));
        await write(put('other', '1', other.id));
        let done = false;
        const gone = watched(start + 1, 1).finally(() => {
          done = true;
        });
        const renewals = (async () => {
          while (!done) {
            await lease.renew();
            await bed.elapse(TTL_SECONDS * 200);
            await new Promise((resolve) => setImmediate(resolve));
          }
        })();
        const [batch] = await gone;
        await renewals;
        assert.deepEqual(
          batch?.events.map(({ key }) => key),
          [`${root}other`],
        );
        assert.deepEqual(await list(), ['renewed']);
        await lease.revoke();
      });

      it('deletes them at once when it is revoked', async () => {
        const lease = await store.grantLease(60);
        const start = await write(put('a', '1', lease.id), put('b', '1'));
        await lease.revoke();
        await lease.revoke();
        assert.deepEqual(await list(), ['b']);
        assert.equal((await watched(start, 1))[0]?.revision, start + 1);
        await rejects(lease.renew(), 'NotFound');
      });

      it('makes no revision where no key is left', async () => {
        const lease = await store.grantLease(60);
        await write(put('a', '1', lease.id));
        const revision = await write(remove('a'));
        await lease.revoke();
        assert.equal(await now(), revision);
      });
    });

    if (!durable) return;
    describe('reopening', () => {
      it('has everything, and its revisions go on', async () => {
        const first = await write(put('a', '1'), put('b', '1'));
        const last = await write(put('a', '2'), remove('b'));
        await store.close();
        await rejects(store.get(`${root}a`), 'StoreUnavailable');
        await rejects(store.commit({ conditions: [], writes: [put('a')] }), 'StoreUnavailable');
        store = await bed.open();
        assert.equal(await now(), last);
        assert.deepEqual(await list(), ['a']);
        assert.deepEqual(await list('', { revision: first }), ['a', 'b']);
        assert.equal((await watched(first, 1))[0]?.revision, last);
        assert.equal(await write(put('c')), last + 1);
      });

      it('goes on after the revision of a deletion that was compacted away', async () => {
        await write(put('a'));
        const last = await write(remove('a'));
        await store.compact(last);
        await store.close();
        store = await bed.open();
        assert.equal(await now(), last);
        assert.equal(await write(put('a')), last + 1);
        await rejects(watched(last - 1, 1), 'StoreCompacted');
      });

      it('still lets leases expire', async () => {
        const lease = await store.grantLease(TTL_SECONDS);
        const start = await write(put('a', '1', lease.id), put('b', '1'));
        await store.close();
        store = await bed.open();
        assert.deepEqual(await list(), ['a', 'b']);
        await bed.elapse(lease.ttlSeconds * 1000);
        const [batch] = await watched(start, 1);
        assert.deepEqual(
          batch?.events.map(({ type, key }) => [type, key]),
          [['delete', `${root}a`]],
        );
      });
    });
  });
}

/** Watches until `enough`, or until the time is up: the caller's assertion then shows what is missing. */
async function collect(
  store: Store,
  prefix: string,
  after: number,
  enough: (batches: readonly StoreEvents[]) => boolean,
  patienceMs = PATIENCE_MS,
): Promise<StoreEvents[]> {
  const batches: StoreEvents[] = [];
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), patienceMs);
  try {
    for await (const batch of store.watch(prefix, { after, signal: stop.signal })) {
      batches.push(batch);
      if (enough(batches)) break;
    }
  } finally {
    clearTimeout(timer);
  }
  return batches;
}

async function drain(watch: AsyncIterable<StoreEvents>): Promise<'ended'> {
  for await (const _ of watch);
  return 'ended';
}

function rejects(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  return assert.rejects(promise, (error) => isSampanError(error, code) || assert.fail(`not ${code}: ${String(error)}`));
}
