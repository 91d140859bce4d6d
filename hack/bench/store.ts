/**
 * Measures the stores: creates of one key each, with one writer and with 32, and how long after its commit was asked for each one
 * reaches a watch. Run alone (`node hack/bench/store.ts`) or by the benchmark's runner; etcd is measured where it is installed.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EtcdStore } from '../../daemon/adapters/etcd-store/etcd-store.ts';
import { MemoryStore } from '../../daemon/adapters/memory-store.ts';
import { SqliteStore } from '../../daemon/adapters/sqlite-store/sqlite-store.ts';
import { systemClock } from '../../daemon/adapters/system-clock.ts';
import type { Store } from '../../reconcilers/ports/store.ts';
import { startEtcd } from '../../test/e2e/harness/etcd.ts';
import { createScope } from '../../test/e2e/harness/scope.ts';

export interface StoreFigures {
  readonly store: string;
  readonly writers: number;
  readonly creates: number;
  /** From the first commit until the watch has seen the last. */
  readonly totalMs: number;
  readonly writesPerSecond: number;
  /** From asking for the commit to the watch's event, in ms. */
  readonly watchLatencyMs: { readonly median: number; readonly p99: number };
  /** From the commit's answer to the watch's event; negative: the watch was first. */
  readonly watchAfterCommitMs: number;
}

const CREATES = 2_000;
const WRITERS = [1, 32];
/** About what a pod takes. */
const VALUE = JSON.stringify({ kind: 'Pod', padding: 'x'.repeat(1_500) });

/** The figures of every store that can be measured here, each on a fresh one. */
export async function benchmarkStores(): Promise<StoreFigures[]> {
  const figures: StoreFigures[] = [];
  for (const [name, withStore] of STORES) {
    for (const writers of WRITERS) {
      const measured = await withStore((store) => measure(name, store, writers)).catch((error: Error) => {
        process.stderr.write(`${name} is not measured: ${error.message}\n`);
      });
      if (measured) figures.push(measured);
    }
  }
  return figures;
}

type Measurement = (store: Store) => Promise<StoreFigures>;

const STORES: readonly (readonly [string, (measurement: Measurement) => Promise<StoreFigures>])[] = [
  ['memory', (measurement) => closing(new MemoryStore(systemClock), measurement)],
  ['sqlite', inFolder],
  ['etcd', onEtcd],
];

async function inFolder(measurement: Measurement): Promise<StoreFigures> {
  const dir = await mkdtemp(join(tmpdir(), 'sampan-bench-'));
  try {
    return await closing(new SqliteStore(join(dir, 'store.db'), systemClock), measurement);
  } finally {
    await rm(dir, { recursive: true });
  }
}

async function onEtcd(measurement: Measurement): Promise<StoreFigures> {
  const scope = createScope();
  try {
    const etcd = await startEtcd(scope, 'etcd');
    return await closing(new EtcdStore({ endpoints: [etcd.endpoint] }), measurement);
  } finally {
    await scope.remove();
  }
}

async function closing(store: Store, measurement: Measurement): Promise<StoreFigures> {
  try {
    return await measurement(store);
  } finally {
    await store.close();
  }
}

async function measure(name: string, store: Store, writers: number): Promise<StoreFigures> {
  const asked = new Map<string, number>();
  const answered = new Map<string, number>();
  const seen = new Map<string, number>();
  const stop = new AbortController();
  const { revision } = await store.commit({ conditions: [], writes: [{ op: 'put', key: '/warm-up', value: '{}' }] });
  const watching = (async () => {
    for await (const { events } of store.watch('/bench/', { after: revision, signal: stop.signal })) {
      for (const { key } of events) seen.set(key, performance.now());
      if (seen.size === CREATES + 1) return;
    }
  })();
  // The watch stands once it has seen something.
  await create(store, '/bench/first');
  while (seen.size === 0) await new Promise((resolve) => setImmediate(resolve));

  let next = 0;
  const start = performance.now();
  const write = async () => {
    while (next < CREATES) {
      const key = `/bench/${String(next++).padStart(6, '0')}`;
      asked.set(key, performance.now());
      await create(store, key);
      answered.set(key, performance.now());
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  const writtenMs = performance.now() - start;
  await watching;
  const totalMs = performance.now() - start;
  stop.abort();

  const since = (times: Map<string, number>) =>
    [...times].map(([key, time]) => (seen.get(key) as number) - time).sort((a, b) => a - b);
  const latencies = since(asked);
  return {
    store: name,
    writers,
    creates: CREATES,
    totalMs,
    writesPerSecond: CREATES / (writtenMs / 1000),
    watchLatencyMs: { median: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) },
    watchAfterCommitMs: quantile(since(answered), 0.5),
  };
}

function create(store: Store, key: string): Promise<unknown> {
  return store.commit({ conditions: [{ key, modRevision: 0 }], writes: [{ op: 'put', key, value: VALUE }] });
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}

if (import.meta.main) {
  for (const {
    store,
    writers,
    totalMs,
    writesPerSecond,
    watchLatencyMs,
    watchAfterCommitMs,
  } of await benchmarkStores()) {
    const watch = `watch ${watchLatencyMs.median.toFixed(2)} ms (p99 ${watchLatencyMs.p99.toFixed(2)}) after the call`;
    process.stdout.write(
      `${store.padEnd(7)} ${String(writers).padStart(2)} writers: ${CREATES} creates and their watch in ${Math.round(totalMs)} ms, ` +
        `${Math.round(writesPerSecond)} writes/s, ${watch}, ${watchAfterCommitMs.toFixed(2)} ms after its answer\n`,
    );
  }
}
