/**
 * The scheduler by itself, as kube-scheduler's own benchmark measures it: nodes that do nothing, pods that wait, and how many are bound in a
 * second, each written to the embedded store and seen in the watch.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteStore } from '../../../daemon/adapters/sqlite-store/sqlite-store.ts';
import { systemClock } from '../../../daemon/adapters/system-clock.ts';
import { systemRandom } from '../../../daemon/adapters/system-random.ts';
import { createCore } from '../../../daemon/assemble.ts';
import { parseIpv4Range } from '../../../reconcilers/kit/registry/ipv4-range.ts';
import { RunLoop } from '../../../reconcilers/kit/run-loop.ts';
import type { Log } from '../../../reconcilers/ports/log.ts';
import { createSchedulerLoop } from '../../../reconcilers/scheduler/index.ts';
import { eventually } from '../../../test/e2e/harness/eventually.ts';

const quiet: Log = { error: console.error, info: () => {}, debug: () => {}, with: () => quiet };
const AT_ONCE = 200;

/** Pods bound in a second. */
export async function benchmarkScheduler(nodes: number, pods: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'sampan-bench-scale-'));
  const store = new SqliteStore(join(folder, 'store.db'), systemClock);
  const stop = new AbortController();
  try {
    const essentials = { clock: systemClock, random: systemRandom, log: quiet };
    const serviceRange = parseIpv4Range('10.96.0.0/16');
    const nodePorts = { first: 30_000, last: 32_767 };
    const core = createCore(store, { serviceRange, nodePorts, host: 'bench', isApiReachable: false }, essentials);
    const { direct, cache, client, clock } = core;
    const create = (kind: 'Namespace' | 'ServiceAccount' | 'Node' | 'Pod', object: object) =>
      direct.create(kind, { apiVersion: 'v1', kind, ...object } as never);
    const following = cache.run(stop.signal);
    await create('Namespace', { metadata: { name: 'default' } });
    await create('ServiceAccount', { metadata: { name: 'default', namespace: 'default' } });
    await inBatches(nodes, (index) => create('Node', nodeNamed(`node-${index}`)));
    await inBatches(pods, (index) => create('Pod', podNamed(`pod-${index}`, index)));
    await cache.reached(await direct.revision());

    const waiting = cache.index('Pod', ({ spec }) => (spec.nodeName === undefined ? ['waiting'] : []));
    const events = { record: () => {} };
    const loop = new RunLoop(createSchedulerLoop({ client, cache, clock, events }), core);
    const since = performance.now();
    const running = loop.run(stop.signal);
    await eventually(() => !waiting.has('waiting'), {
      describe: 'all pods to be bound',
      timeoutMs: 600_000,
      everyMs: 20,
    });
    const seconds = (performance.now() - since) / 1000;
    stop.abort();
    await Promise.all([following, running]);
    return pods / seconds;
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
}

async function inBatches(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) => work(from + i)));
  }
}

function nodeNamed(name: string) {
  const room = { cpu: '4', memory: '32Gi', pods: '110' };
  const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' }];
  return { metadata: { name }, status: { capacity: room, allocatable: room, conditions } };
}

function podNamed(name: string, index: number) {
  const containers = [{ name: 'app', image: 'app:1', resources: { requests: { cpu: '10m', memory: '16Mi' } } }];
  return { metadata: { name, namespace: 'default', labels: { app: `app-${index % 100}` } }, spec: { containers } };
}

if (import.meta.main) {
  const [nodes = '1000', pods = '10000'] = process.argv.slice(2);
  const rate = await benchmarkScheduler(Number(nodes), Number(pods));
  process.stdout.write(`${nodes} nodes, ${pods} pods: ${Math.round(rate)} pods/s\n`);
}
