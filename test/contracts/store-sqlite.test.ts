/** What only the embedded store has to stand: kill -9, a second process, a full disk, a damaged file, group commit. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SqliteStore } from '../../daemon/adapters/sqlite-store/sqlite-store.ts';
import { isSampanError } from '../../reconcilers/ports/errors.ts';
import type { Store, Transaction } from '../../reconcilers/ports/store.ts';
import { eventually } from '../e2e/harness/eventually.ts';
import { run } from '../e2e/harness/run.ts';
import { createScope } from '../e2e/harness/scope.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

const clock = new FakeClock();

describe('SQLite store', function () {
  this.timeout(60_000);
  let dir: string;
  let path: string;
  let store: SqliteStore | undefined;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sampan-sqlite-'));
    path = join(dir, 'store.db');
  });
  afterEach(async () => {
    await store?.close();
    store = undefined;
    await rm(dir, { recursive: true });
  });

  it('has every acknowledged write after kill -9, and whole transactions only', async () => {
    for (let round = 0; round < 6; round++) {
      const { lines } = await killedWriter(path, 20 + Math.floor(Math.random() * 900));
      store = new SqliteStore(path, clock);
      const { values, revision } = await store.list('/');
      const stored = new Map(values.map(({ key, value }) => [key, JSON.parse(value) as { n: number }]));
      const acknowledged = new Map<string, number>();
      for (const line of lines) {
        const [at, key, n] = line.split(' ') as [string, string, string];
        assert.ok(Number(at) <= revision, `revision ${at} was acknowledged, the store is at ${revision}`);
        acknowledged.set(key, Number(n));
      }
      assert.ok(acknowledged.size > 0);
      for (const [key, n] of acknowledged) {
        const found = stored.get(key);
        assert.ok(
          found !== undefined && found.n >= n,
          `${key} was acknowledged as ${n}, found ${JSON.stringify(found)}`,
        );
        assert.deepEqual(stored.get(`${key}/twin`), found);
      }
      await store.close();
      store = undefined;
    }
  });

  it('lets one process in at a time, and says so to the second', async () => {
    store = new SqliteStore(path, clock);
    await store.commit(putting('/a', '1'));
    assert.throws(
      () => new SqliteStore(path, clock),
      (error) => isSampanError(error, 'StoreLocked') && error.message.includes(path),
    );
    const child = spawn(process.execPath, [join(import.meta.dirname, 'store-sqlite-writer.ts'), path]);
    const [[code], stderr] = await Promise.all([once(child, 'exit'), textOf(child.stderr)]);
    assert.equal(code, 1);
    assert.match(stderr, /in use by another process/);
    await store.commit(putting('/a', '2'));
  });

  it('has readable reasons for files it cannot use', async () => {
    await writeFile(path, 'apiVersion: v1\n'.repeat(500));
    assert.throws(() => new SqliteStore(path, clock), refusal('StoreCorrupt', /file is not a database/));

    await rm(path);
    const foreign = new DatabaseSync(path);
    foreign.exec('CREATE TABLE customers (name TEXT)');
    foreign.close();
    assert.throws(() => new SqliteStore(path, clock), refusal('StoreCorrupt', /another program/));

    await rm(path);
    await new SqliteStore(path, clock).close();
    const newer = new DatabaseSync(path);
    newer.exec('PRAGMA user_version = 9');
    newer.close();
    assert.throws(
      () => new SqliteStore(path, clock),
      refusal('StoreCorrupt', /schema version 9, this release reads 1/),
    );
    assert.throws(() => new SqliteStore(dir, clock), refusal('StoreUnavailable', /unable to open database file/));
  });

  it('says that a damaged file is damaged, whenever it finds out', async () => {
    store = new SqliteStore(path, clock);
    for (let n = 0; n < 50; n++) await store.commit(putting(`/k${n}`, 'x'.repeat(3_000)));
    await store.close();
    store = undefined;
    const { size } = await stat(path);
    await run('dd', ['if=/dev/urandom', `of=${path}`, 'bs=4096', 'seek=3', `count=${size / 4096 - 3}`, 'conv=notrunc']);
    const open = async () => {
      store = new SqliteStore(path, clock);
      await store.list('/');
    };
    await assert.rejects(open(), refusal('StoreCorrupt', /malformed/));
  });

  it('keeps others out of the file', async () => {
    store = new SqliteStore(path, clock);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it('shares one transaction between the writers of a turn, and refuses only who is at fault', async () => {
    store = new SqliteStore(path, clock);
    const results = await Promise.allSettled([
      store.commit(putting('/a', '1')),
      store.commit({ conditions: [{ key: '/a', modRevision: 0 }], writes: [{ op: 'put', key: '/b', value: '1' }] }),
      store.commit({ conditions: [], writes: [{ op: 'put', key: '/c', value: '1', lease: '77' }] }),
      store.commit(putting('/d', '1')),
    ]);
    assert.deepEqual(
      results.map((result) => (result.status === 'fulfilled' ? result.value : (result.reason as Error).message)),
      [
        { committed: true, revision: 2 },
        { committed: false, revision: 2, failed: ['/a'] },
        'lease "77" not found',
        { committed: true, revision: 3 },
      ],
    );
  });

  it('finishes what was asked for before it closes', async () => {
    store = new SqliteStore(path, clock);
    const pending = store.commit(putting('/a', '1'));
    await store.close();
    assert.deepEqual(await pending, { committed: true, revision: 2 });
    store = new SqliteStore(path, clock);
    assert.equal((await store.get('/a'))?.value, '1');
  });

  it('keeps nothing of what was replaced or deleted before the compaction', async () => {
    const sizes: number[] = [];
    for (let round = 0; round < 4; round++) {
      const open: Store = new SqliteStore(path, clock);
      store = open as SqliteStore;
      const keys = Array.from({ length: 1_000 }, (_, n) => (n % 2 === 0 ? `/kept/${n % 20}` : `/gone/${round}/${n}`));
      await Promise.all(keys.map((key) => open.commit(putting(key, 'x'.repeat(2_000)))));
      const gone = keys.filter((key) => key.startsWith('/gone/'));
      await Promise.all(gone.map((key) => open.commit({ conditions: [], writes: [{ op: 'delete', key }] })));
      await open.compact((await open.list('/')).revision);
      await open.close();
      sizes.push((await stat(path)).size);
    }
    const db = new DatabaseSync(path);
    assert.equal(db.prepare('SELECT count(*) AS count FROM history').get()?.count, 10);
    db.close();
    assert.equal(sizes[3], sizes[1], `sizes after each round: ${sizes.join()}`);
    assert.ok((sizes[3] as number) < 200_000, `sizes after each round: ${sizes.join()}`);
  });

  it('refuses writes while the disk is full, and goes on by itself when there is space', async function () {
    if (process.getuid?.() !== 0) {
      if (process.env.CI === 'true') throw new Error('mounting a small disk takes root');
      this.skip();
    }
    const scope = createScope();
    try {
      const disk = await scope.createDir('disk');
      await run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
      store = new SqliteStore(join(disk, 'store.db'), clock);
      const lease = await store.grantLease(10);
      await store.commit({ conditions: [], writes: [{ op: 'put', key: '/leased', value: '1', lease: lease.id }] });
      await writeFile(join(disk, 'ballast'), Buffer.alloc(1_200_000));

      let written = 0;
      const value = 'x'.repeat(20_000);
      const fill = async () => {
        for (; ; written++) await (store as Store).commit({ conditions: [], writes: [...pair(written, value)] });
      };
      await assert.rejects(fill(), refusal('StoreFull', /disk is full/));
      const before = await store.list('/');
      assert.equal(before.values.length, 2 * written + 1);
      await assert.rejects(
        store.commit({ conditions: [], writes: [...pair(written, value)] }),
        refusal('StoreFull', /full/),
      );
      assert.deepEqual(await store.list('/'), before);
      await clock.advance(10_000);

      await rm(join(disk, 'ballast'));
      const after = await store.commit({ conditions: [], writes: [...pair(written, value)] });
      assert.ok(after.committed && after.revision > before.revision);
      await clock.advance(1_000);
      await eventually(async () => (await store?.get('/leased')) === undefined, { describe: 'the lease to expire' });
      await store.close();
      store = new SqliteStore(join(disk, 'store.db'), clock);
      assert.equal((await store.list('/k')).values.length, 2 * written + 2);
    } finally {
      await store?.close();
      store = undefined;
      await scope.remove();
    }
  });
});

function putting(key: string, value: string): Transaction {
  return { conditions: [], writes: [{ op: 'put', key, value }] };
}

function pair(n: number, value: string): Transaction['writes'] {
  return [
    { op: 'put', key: `/k${n}`, value },
    { op: 'put', key: `/k${n}/twin`, value },
  ];
}

function refusal(code: 'StoreCorrupt' | 'StoreFull' | 'StoreUnavailable', message: RegExp) {
  return (error: unknown) => (isSampanError(error, code) && message.test(error.message)) || assert.fail(String(error));
}

/** Runs the writer until it has acknowledged `count` writes, kills it, and answers the complete lines it printed. */
async function killedWriter(path: string, count: number): Promise<{ lines: string[] }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'store-sqlite-writer.ts'), path]);
  let output = '';
  let lines = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk;
    lines += chunk.toString().split('\n').length - 1;
    if (lines >= count) child.kill('SIGKILL');
  });
  const [, stderr] = await Promise.all([once(child, 'close'), textOf(child.stderr)]);
  assert.equal(child.signalCode, 'SIGKILL', stderr);
  return { lines: output.split('\n').slice(0, -1) };
}

async function textOf(stream: ChildProcess['stderr']): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += chunk;
  return text;
}
