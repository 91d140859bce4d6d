/**
 * The process under measure: the DNS server over a registry in memory, as the daemon has it, or with `echo` the least that Node can do with
 * a packet: send it back. Started by ../dns.ts, and asked over IPC for what only it can know.
 */
import { createSocket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import { MemoryStore } from '../../../daemon/adapters/memory-store.ts';
import { systemClock } from '../../../daemon/adapters/system-clock.ts';
import { systemRandom } from '../../../daemon/adapters/system-random.ts';
import { createCore } from '../../../daemon/assemble.ts';
import { DnsServer } from '../../../daemon/dns/dns-server.ts';
import { parseIpv4Range } from '../../../reconcilers/kit/registry/ipv4-range.ts';
import type { Log } from '../../../reconcilers/ports/log.ts';
import { nameOf, SERVICES, service, slice } from './names.ts';

export interface Ready {
  readonly port: number;
}

export interface Report {
  /** Of this process, since its start. */
  readonly cpuMs: number;
}

export interface Churn {
  readonly perSecond: number;
  readonly seconds: number;
}

export type ServerOrder = 'report' | { readonly churn: Churn };

const quiet: Log = { error: console.error, info: () => {}, debug: () => {}, with: () => quiet };
const STEP_MS = 10;

async function startDns(): Promise<{ port: number; churn: (churn: Churn) => Promise<void> }> {
  const store = new MemoryStore(systemClock);
  const serviceRange = parseIpv4Range('10.96.0.0/16');
  const options = { serviceRange, nodePorts: { first: 30_000, last: 32_767 }, host: 'bench', isApiReachable: false };
  const core = createCore(store, options, { clock: systemClock, random: systemRandom, log: quiet });
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' }, spec: {} } as const;
  await core.direct.create('Namespace', { ...namespace, status: { phase: 'Active' } });
  for (let i = 0; i < SERVICES; i++) {
    await core.direct.create('Service', service(i));
    await core.direct.create('EndpointSlice', slice(i));
  }
  void core.cache.run(new AbortController().signal);
  await core.cache.reached(await core.direct.revision());
  const server = new DnsServer(
    {
      clusterDomain: 'cluster.local',
      clusterDns: '10.96.0.10',
      ranges: [serviceRange],
      resolvConf: '/dev/null',
      ports: [0],
    },
    core,
  );
  await server.open('127.0.0.1');
  const churn = async ({ perSecond, seconds }: Churn) => {
    const startedAt = performance.now();
    for (let turn = 1; turn <= perSecond * seconds; turn++) {
      const index = turn % SERVICES;
      await core.client.modify('EndpointSlice', { namespace: 'default', name: nameOf(index) }, (current) => ({
        ...current,
        endpoints: slice(index, turn).endpoints,
      }));
      while (performance.now() - startedAt < (turn * 1000) / perSecond - STEP_MS) await delay(1);
    }
  };
  return { port: server.place?.port ?? 0, churn };
}

async function startEcho(): Promise<{ port: number; churn: () => Promise<void> }> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1024 * 1024 });
  socket.on('message', (packet, { port, address }) => socket.send(packet, port, address));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { port: socket.address().port, churn: async () => undefined };
}

const { port, churn } = await (process.argv[2] === 'echo' ? startEcho() : startDns());
process.on('message', async (order: ServerOrder) => {
  if (order !== 'report') return void churn(order.churn).then(() => process.send?.('churned'));
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1000 } satisfies Report);
});
process.on('disconnect', () => process.exit());
process.send?.({ port } satisfies Ready);
