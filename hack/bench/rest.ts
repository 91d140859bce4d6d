/** Measures the daemon at rest over 50 running pods for a minute: its share of a core, its memory, its writes to the store. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../test/e2e/harness/eventually.ts';
import type { Sampan } from '../../test/e2e/harness/sampan.ts';
import { socketClient } from '../../test/e2e/harness/socket-request.ts';
import { withBenchNode } from './bench-node.ts';
import { untilGone } from './deploy.ts';
import { counted, type Figure } from './figures.ts';
import { folderIn } from './manifests.ts';
import { cpuSeconds, residentMegabytes } from './process-cost.ts';

const PODS = 50;
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const MINUTE_MS = 60_000;
/** Events and statuses of the deploy are written, garbage is collected. */
const SETTLE_MS = 15_000;

export async function benchmarkRest(): Promise<Figure[]> {
  return withBenchNode(async (node) => {
    const place = await folderIn(await node.bed.dir());
    const sampan = await node.sampan([place.location]);
    const web = { name: 'web', replicas: PODS, clusterIP: '10.96.77.77' };
    await place.declare(web);
    await node.containers.until(`${PODS} pods to run`, () => node.containers.named('k8s_app_').length === PODS);
    const pids = () => [sampan.process.pid, ...childrenOf(sampan.process.pid)];
    await eventually(() => childrenOf(sampan.process.pid).length > 0, { describe: 'nft monitor to run' });
    await delay(SETTLE_MS);

    const heartbeats = countChanges(sampan, LEASES);
    const revision = await revisionOf(sampan.dataDir);
    const before = cpuSeconds(pids());
    await delay(MINUTE_MS);
    const cpu = cpuSeconds(pids()) - before;
    const writes = (await revisionOf(sampan.dataDir)) - revision;
    const others = Math.max(0, writes - heartbeats.count);
    const memory = pids().reduce((total, pid) => total + residentMegabytes(pid), 0);
    await place.withdraw(web);
    await untilGone(node, sampan, web);
    await sampan.stop();
    return [
      counted('50 pods at rest, of one core', (100 * cpu * 1000) / MINUTE_MS, 1, ' %'),
      counted('50 pods at rest, resident with its children', Math.round(memory), 150, ' MB'),
      counted(`50 pods at rest, writes besides ${heartbeats.count} heartbeats`, others, 0),
    ];
  });
}

/** How often an object changes from now on. */
function countChanges(sampan: Sampan, path: string): { count: number } {
  const changes = { count: 0 };
  void (async () => {
    const { resourceVersion } = (await sampan.api.list(path))[0]?.metadata ?? {};
    for await (const { type } of sampan.api.watch(path, resourceVersion)) if (type === 'MODIFIED') changes.count += 1;
  })().catch(() => {}); // the watch ends with the daemon
  return changes;
}

async function revisionOf(dataDir: string): Promise<number> {
  const client = socketClient(join(dataDir, 'sampan.sock'));
  const { metadata } = await client.send<{ metadata: { resourceVersion: string } }>({ path: '/api/v1/nodes' });
  client.close();
  return Number(metadata.resourceVersion);
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}
