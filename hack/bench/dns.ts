/**
 * Measures the DNS server: answers a second out of a thousand Services, at rest and while endpoints change, beside a server of Node that
 * only sends packets back, and dnsmasq where it is installed. Server and client are processes of their own.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from './api/process.ts';
import type { Load, LoadReport } from './dns/client.ts';
import { hostsFile } from './dns/names.ts';
import type { Ready, Report, ServerOrder } from './dns/server.ts';
import { atLeast, counted, type Figure, plain } from './figures.ts';

const ANSWERS_PER_SECOND = 10_000;
const OUTSTANDING = 32;
const CHANGES_PER_SECOND = 200;
const DNSMASQ = { path: '/usr/sbin/dnsmasq', port: 5399, startMs: 500 };

const script = (name: string) => join(import.meta.dirname, 'dns', name);

/** `rounds`: for so many seconds each. */
export async function benchmarkDns(seconds: number): Promise<Figure[]> {
  const { worker: client } = await Worker.start<Load, 'ready'>(script('client.ts'), []);
  try {
    const echo = await measured(client, 'echo', seconds);
    const own = await measured(client, 'dns', seconds);
    const share = Math.max(0, 1 - echo.cpuMicros / own.cpuMicros);
    return [
      { ...atLeast('mixed answers', own.rate, ANSWERS_PER_SECOND, '/s'), ...besides(own.rate, echo.rate) },
      plain('mixed answers, each', `${times(own.report)}; the floor's ${times(echo.report)}`),
      {
        ...atLeast('mixed answers a core can give', 1e6 / own.cpuMicros, ANSWERS_PER_SECOND, '/s'),
        ...besides(1e6 / own.cpuMicros, 1e6 / echo.cpuMicros),
      },
      plain('reading, looking up and writing, of its time', `${(100 * share).toFixed(0)} %`),
      ...own.churned,
      ...(await peerFigures(client, seconds, own.addressRate)),
    ];
  } finally {
    await client.close();
  }
}

interface Measured {
  readonly rate: number;
  readonly report: LoadReport;
  /** Of one core, for one answer. */
  readonly cpuMicros: number;
  /** Answers a second to questions for addresses alone. */
  readonly addressRate: number;
  readonly churned: readonly Figure[];
}

async function measured(client: Worker<Load>, mode: 'echo' | 'dns', seconds: number): Promise<Measured> {
  const { worker, hello } = await Worker.start<ServerOrder, Ready>(script('server.ts'), [mode]);
  const load = (change: Partial<Load> = {}) =>
    client.order<LoadReport>({ port: hello.port, seconds, outstanding: OUTSTANDING, questions: 'mixed', ...change });
  try {
    await load({ seconds: 1 }); // warm
    const before = await worker.order<Report>('report');
    const report = await load();
    const after = await worker.order<Report>('report');
    if (report.failures > 0) throw new Error(`${report.failures} answers of ${mode} were failures`);
    const cpuMicros = ((after.cpuMs - before.cpuMs) * 1000) / report.answers;
    const addressRate = rateOf(await load({ questions: 'addresses' }));
    const churned = mode === 'dns' ? await churnFigures(worker, load, seconds) : [];
    return { rate: rateOf(report), report, cpuMicros, addressRate, churned };
  } finally {
    await worker.close();
  }
}

async function churnFigures(
  server: Worker<ServerOrder>,
  load: () => Promise<LoadReport>,
  seconds: number,
): Promise<Figure[]> {
  const changing = server.order<'churned'>({ churn: { perSecond: CHANGES_PER_SECOND, seconds } });
  const report = await load();
  await changing;
  const what = `mixed answers while ${CHANGES_PER_SECOND} endpoints/s change`;
  return [
    atLeast(what, rateOf(report), ANSWERS_PER_SECOND, '/s'),
    plain(`${what}, each`, times(report)),
    counted(`${what}, lost`, report.lost, 0),
  ];
}

/** The same addresses out of a hosts file. */
async function peerFigures(client: Worker<Load>, seconds: number, ownRate: number): Promise<Figure[]> {
  if (!existsSync(DNSMASQ.path)) return [];
  const folder = await mkdtemp(join(tmpdir(), 'sampan-bench-dns-'));
  const hosts = join(folder, 'hosts');
  await writeFile(hosts, hostsFile());
  const { path, port } = DNSMASQ;
  const flags = ['--keep-in-foreground', `--port=${port}`, '--listen-address=127.0.0.1', '--bind-interfaces'];
  const files = [
    '--conf-file=/dev/null',
    '--no-hosts',
    `--addn-hosts=${hosts}`,
    '--no-resolv',
    '--user=root',
    '--pid-file',
  ];
  const peer = spawn(path, [...flags, ...files], { stdio: 'inherit' });
  try {
    await delay(DNSMASQ.startMs);
    const load = { port, seconds, outstanding: OUTSTANDING, questions: 'addresses' } as const;
    const report = await client.order<LoadReport>(load);
    const rate = rateOf(report);
    return [{ ...plain('addresses, beside dnsmasq', `${Math.round(ownRate)}/s`), ...besides(ownRate, rate) }];
  } finally {
    peer.kill();
    await rm(folder, { recursive: true });
  }
}

function besides(rate: number, floor: number): Pick<Figure, 'floor' | 'ratio'> {
  return { floor: `${Math.round(floor)}/s`, ratio: (rate / floor).toFixed(2) };
}

function rateOf({ answers, seconds }: LoadReport): number {
  return answers / seconds;
}

function times({ latenciesMs }: LoadReport): string {
  const at = (share: number) => (latenciesMs[Math.floor(latenciesMs.length * share)] ?? Number.NaN).toFixed(2);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`;
}
