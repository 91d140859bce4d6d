/** The store on a real etcd that fails: stopped, killed, unreachable, full. What is asked for is refused quickly and nothing is missed. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { EtcdStore } from '../../daemon/adapters/etcd-store/etcd-store.ts';
import { isSampanError } from '../../reconcilers/ports/errors.ts';
import type { StoreEvents, Transaction } from '../../reconcilers/ports/store.ts';
import { type Etcd, startEtcd } from './harness/etcd.ts';
import { eventually } from './harness/eventually.ts';
import { run } from './harness/run.ts';
import { createScope, type Scope } from './harness/scope.ts';

/** Within this an unreachable store has to be reported; the adapter's own deadlines are below it. */
const QUICKLY_MS = 12_000;

describe('store on a failing etcd', function () {
  this.timeout(90_000);
  let scope: Scope;
  let etcd: Etcd;
  let store: EtcdStore | undefined;

  beforeEach(async () => {
    scope = createScope();
  });
  afterEach(async () => {
    for (const follower of followers) follower.abort();
    await store?.close();
    store = undefined;
    await scope.remove();
  });

  const open = async (args: readonly string[] = []): Promise<EtcdStore> => {
    etcd = await startEtcd(scope, 'etcd', { args });
    store = new EtcdStore({ endpoints: [etcd.endpoint] });
    return store;
  };

  it('killed and started again: writes are refused, the watch breaks and resumes without a gap', async () => {
    const store = await open();
    const start = (await store.list('/')).revision;
    const follower = follow(store, '/k', start);
    const written = [await put(store, '/k', '0'), await put(store, '/k', '1')];
    await eventually(() => follower.seen.length === 2, { describe: 'the first events' });

    await etcd.stop('SIGKILL');
    await eventually(() => follower.breaks.length > 0, { describe: 'the watch to break', timeoutMs: QUICKLY_MS });
    await refusedQuickly(() => put(store, '/k', 'lost'));
    await refusedQuickly(() => store.get('/k'));
    await refusedQuickly(() => store.list('/'));
    await refusedQuickly(() => store.grantLease(10));
    await refusedQuickly(() => store.compact(1));

    await etcd.start();
    const back = await eventually(() => put(store, '/k', '2'), { describe: 'etcd to take writes' });
    written.push(back, await put(store, '/k', '3'));
    await eventually(() => follower.seen.length >= 4, { describe: 'the events after the restart' });
    assert.deepEqual(follower.seen, written);
    await follower.stop();
  });

  it('frozen and thawed: nothing hangs, and no event is missed', async () => {
    const store = await open();
    const lease = await store.grantLease(60);
    const start = (await store.list('/')).revision;
    const follower = follow(store, '/k', start);
    const first = await put(store, '/k', '0');
    await eventually(() => follower.seen.length === 1, { describe: 'the first event' });

    process.kill(etcd.process.pid, 'SIGSTOP');
    await Promise.all([
      refusedQuickly(() => put(store, '/k', 'perhaps')),
      refusedQuickly(() => store.get('/k')),
      refusedQuickly(() => lease.renew()),
      eventually(() => follower.breaks.length > 0, { describe: 'the watch to break', timeoutMs: QUICKLY_MS }),
    ]);
    process.kill(etcd.process.pid, 'SIGCONT');

    const last = await eventually(() => put(store, '/k', 'after'), { describe: 'etcd to take writes' });
    await lease.renew();
    await eventually(() => follower.seen.at(-1) === last, { describe: 'the events after the thaw' });
    // The write that was given up may have been carried out: then it was seen as well.
    const all = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    assert.deepEqual(follower.seen, all);
    await follower.stop();
  });

  it('unreachable at the start: says so at once, and works as soon as it is there', async () => {
    const { endpoint } = await startEtcd(scope, 'elsewhere').then(async (elsewhere) => {
      etcd = elsewhere;
      await elsewhere.stop();
      return elsewhere;
    });
    store = new EtcdStore({ endpoints: [endpoint] });
    const early = new EtcdStore({ endpoints: [endpoint] });
    await refusedQuickly(() => early.list('/'), 1_000);
    await refusedQuickly(() => first(early.watch('/', { after: 1, signal: new AbortController().signal })), 1_000);
    await etcd.start();
    await eventually(() => put(early, '/k', '1'), { describe: 'the store to work', timeoutMs: 3_000 });
    await early.close();
  });

  it('compacted under a watch that is away: told to list again', async () => {
    const store = await open();
    const start = await put(store, '/k', '0');
    const last = await put(store, '/k', '1');
    await run('etcdctl', ['--endpoints', etcd.endpoint, 'compact', String(last)], { env: v3 });
    await assert.rejects(
      first(store.watch('/', { after: start, signal: new AbortController().signal })),
      (error) => isSampanError(error, 'StoreCompacted') && error.details.oldest === last,
    );
  });

  it('out of space: refuses writes as full, still reads, and goes on by itself once there is space', async () => {
    const store = await open(['--quota-backend-bytes', String(2 * 1024 * 1024)]);
    const value = 'x'.repeat(100_000);
    const fill = async () => {
      for (;;) await put(store, '/k', value);
    };
    await assert.rejects(fill(), (error) => isSampanError(error, 'StoreFull'));
    await assert.rejects(put(store, '/k', value), (error) => isSampanError(error, 'StoreFull'));
    const listed = await store.list('/');
    assert.equal(listed.values.length, 1);

    await store.compact(listed.revision);
    const etcdctl = (...args: string[]) => run('etcdctl', ['--endpoints', etcd.endpoint, ...args], { env: v3 });
    await etcdctl('defrag');
    await etcdctl('alarm', 'disarm');
    assert.equal(await put(store, '/k', 'small again'), listed.revision + 1);
  });

  it('several endpoints, one of them dead: the others serve', async () => {
    etcd = await startEtcd(scope, 'etcd');
    store = new EtcdStore({ endpoints: ['http://127.0.0.1:1', etcd.endpoint] });
    for (let n = 0; n < 50; n++) {
      await put(store, '/k', String(n));
      assert.equal((await store.get('/k'))?.value, String(n));
    }
    const start = (await store.list('/')).revision;
    for (let n = 0; n < 10; n++) {
      const stop = new AbortController();
      const seen = first(store.watch('/', { after: start, signal: stop.signal }));
      await put(store, '/k', 'again');
      assert.equal((await seen)?.revision, start + 1);
      stop.abort();
    }
  });

  it('serves over TLS, and refuses a server it has no reason to trust', async () => {
    const port = await freePort();
    const endpoint = `https://127.0.0.1:${port}`;
    etcd = await startEtcd(scope, 'etcd', {
      args: ['--auto-tls', '--listen-client-urls', endpoint, '--advertise-client-urls', endpoint],
    });
    const certificate = join(dirname(etcd.logFile), 'data/fixtures/client/cert.pem');
    store = new EtcdStore({ endpoints: [endpoint], tls: { ca: certificate } });
    assert.ok((await put(store, '/k', '1')) > 1);

    const unknownAuthority = { endpoints: [endpoint] };
    const otherName = { endpoints: [`https://localhost:${port}`], tls: { ca: certificate } };
    for (const [options, reason] of [
      [unknownAuthority, /self.signed certificate/],
      [otherName, /does not match certificate's altnames/],
    ] as const) {
      const distrustful = new EtcdStore(options);
      await assert.rejects(distrustful.get('/k'), reason);
      await distrustful.close();
    }
  });

  it('is readable with etcdctl', async () => {
    const store = await open();
    await put(store, '/registry/pods/default/upper-x7k2p', '{"kind":"Pod"}');
    const printed = await run('etcdctl', ['--endpoints', etcd.endpoint, 'get', '/registry', '--prefix'], { env: v3 });
    assert.equal(printed, '/registry/pods/default/upper-x7k2p\n{"kind":"Pod"}\n');
  });
});

/** Stopped after each test, however it ends. */
const followers = new Set<AbortController>();

/** etcdctl 3.4 speaks v3 by default, older ones need to be told. */
const v3 = { ...process.env, ETCDCTL_API: '3' };

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function put(store: EtcdStore, key: string, value: string): Promise<number> {
  const transaction: Transaction = { conditions: [], writes: [{ op: 'put', key, value }] };
  return (await store.commit(transaction)).revision;
}

async function refusedQuickly(call: () => Promise<unknown>, mostMs = QUICKLY_MS): Promise<void> {
  const start = performance.now();
  await assert.rejects(call(), (error) => isSampanError(error, 'StoreUnavailable') || assert.fail(String(error)));
  const took = performance.now() - start;
  assert.ok(took < mostMs, `it took ${Math.round(took)} ms to be refused`);
}

async function first(watch: AsyncIterable<StoreEvents>): Promise<StoreEvents | undefined> {
  for await (const batch of watch) return batch;
  return undefined;
}

/** Watches as the object cache does: from the last revision seen, again after every break. */
function follow(store: EtcdStore, prefix: string, start: number) {
  const stopping = new AbortController();
  const { signal } = stopping;
  followers.add(stopping);
  const seen: number[] = [];
  const breaks: unknown[] = [];
  const run = async () => {
    let after = start;
    while (!signal.aborted) {
      try {
        for await (const { revision } of store.watch(prefix, { after, signal })) {
          seen.push(revision);
          after = revision;
        }
      } catch (error) {
        if (!isSampanError(error, 'StoreUnavailable')) throw error;
        breaks.push(error);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  };
  const running = run();
  return {
    seen,
    breaks,
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}
