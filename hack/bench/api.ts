/**
 * Measures the API server over the embedded store and TLS: gets, lists, tables, creates and patches with 1,000 pods of 3 kB, a hundred
 * watchers of a churn, and the daemon's start over 10,000 pods. The server and its client are processes of their own.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DataDir } from '../../daemon/cli/data-dir.ts';
import { run } from '../../test/e2e/harness/run.ts';
import { socketClient } from '../../test/e2e/harness/socket-request.ts';
import type { ClientOrder, Load, LoadReport, WatchReport } from './api/client.ts';
import { fillStore } from './api/fill-store.ts';
import { PODS, podNamed } from './api/pods.ts';
import { Worker } from './api/process.ts';
import type { ChurnReport, Ready, Report, ServerOrder } from './api/server.ts';
import { atLeast, counted, type Figure, plain, timed } from './figures.ts';
import { residentMegabytes } from './process-cost.ts';

const POD_COUNT = 1_000;
const LISTS_PER_SECOND = 100;
const WATCHERS = 100;
const CHANGES_PER_SECOND = 500;
const EVENT_WITHIN_MS = 5;
const START = { pods: 10_000, withinMs: 3_000, megabytes: 300 };
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const JSON_BODY = 'application/json';
const MERGE_PATCH = 'application/merge-patch+json';

/** `rounds`: for so many seconds each, and as many starts. */
export async function benchmarkApi(rounds: number): Promise<Figure[]> {
  return [...(await servedFigures(rounds)), ...(await startFigures(rounds))];
}

interface Bench {
  readonly server: Worker<ServerOrder>;
  readonly client: Worker<ClientOrder>;
  readonly port: number;
}

async function servedFigures(seconds: number): Promise<Figure[]> {
  const script = (name: string) => join(import.meta.dirname, 'api', name);
  const started = await Worker.start<ServerOrder, Ready>(script('server.ts'), [String(POD_COUNT)]);
  const { worker: server, hello } = started;
  const { worker: client } = await Worker.start<ClientOrder, 'ready'>(script('client.ts'), [
    String(hello.port),
    hello.ca,
  ]);
  const bench: Bench = { server, client, port: hello.port };
  try {
    const of = (what: string, load: Partial<Load>, least?: number) =>
      loadFigures(bench, what, { ...LOAD, seconds, ...load }, least);
    const one = `${PODS}/web-00500`;
    const patch = JSON.stringify({ metadata: { annotations: { turn: '@N@' } } });
    const pod = JSON.stringify({ ...podNamed('made-@N@') });
    const changed = { method: 'PATCH', body: patch, contentType: MERGE_PATCH };
    const made = { method: 'POST', path: PODS, body: pod, contentType: JSON_BODY };
    await bench.client.order({ load: { ...LOAD, seconds: 1, path: one } }); // warm
    return [
      ...(await of('get a pod', { path: one })),
      ...(await of(`list ${POD_COUNT} pods, JSON`, { path: PODS }, LISTS_PER_SECOND)),
      ...(await of(`list ${POD_COUNT} pods, Table`, { path: PODS, accept: TABLE })),
      ...(await wrkFigures(bench, seconds, [one, PODS])),
      ...(await of('patch a pod, merge', { ...changed, path: one, connections: 1 })),
      ...(await of('patch a pod, merge', { ...changed, path: one })),
      ...(await watchFigures(bench, seconds)),
      // Last: they leave more pods behind.
      ...(await of('create a pod', { ...made, connections: 1 })),
      ...(await of('create a pod', made)),
    ];
  } finally {
    await client.close();
    await server.close();
  }
}

const LOAD = { connections: 8, method: 'GET', path: '/' };

async function loadFigures({ server, client }: Bench, what: string, load: Load, least?: number): Promise<Figure[]> {
  const before = await server.order<Report>('report');
  const { requests, failure, seconds, latenciesMs } = await client.order<LoadReport>({ load });
  const { storeMs } = await server.order<Report>('report');
  if (failure !== undefined) throw new Error(`${what}: ${failure}`);
  const rate = requests / seconds;
  const inAll = latenciesMs.reduce((total, ms) => total + ms, 0);
  const share = (100 * (storeMs - before.storeMs)) / inAll;
  const named = `${what}, ${load.connections} connection${load.connections === 1 ? '' : 's'}`;
  const times = `p50 ${quantile(latenciesMs, 0.5).toFixed(1)} ms, p99 ${quantile(latenciesMs, 0.99).toFixed(1)} ms`;
  return [
    least === undefined ? plain(named, `${Math.round(rate)}/s`) : atLeast(named, rate, least, '/s'),
    plain(`${named}, each`, `${times}, ${share.toFixed(0)} % of it the store's`),
  ];
}

/** The same gets and lists from a client that costs next to nothing, where it is installed. */
async function wrkFigures({ port }: Bench, seconds: number, paths: readonly string[]): Promise<Figure[]> {
  if (!existsSync('/usr/bin/wrk')) return [];
  const figures: Figure[] = [];
  for (const path of paths) {
    const url = `https://localhost:${port}${path}`;
    const said = await run('wrk', ['-t1', '-c8', `-d${seconds}s`, '-H', 'Authorization: Bearer bench-token', url]);
    const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(said)?.[1]);
    figures.push(plain(`wrk, ${path.endsWith('/pods') ? 'list' : 'get'}, 8 connections`, `${Math.round(rate)}/s`));
  }
  return figures;
}

async function watchFigures({ server, client }: Bench, seconds: number): Promise<Figure[]> {
  const { rssBytes: before, revision } = await server.order<Report>('report');
  // Without a version, what there is would come first.
  const path = `${PODS}?watch=true&resourceVersion=${revision}`;
  await client.order<'watching'>({ watch: { count: WATCHERS, path } });
  const { rssBytes: after } = await server.order<Report>('report');
  const churn = { perSecond: CHANGES_PER_SECOND, seconds, pods: POD_COUNT };
  const { commits } = await server.order<ChurnReport>({ churn });
  await delay(1_000);
  const { events, seen } = await client.order<WatchReport>('end watches');
  const committed = new Map(commits);
  const latencies = seen.flatMap(([revision, at]) => {
    const since = committed.get(revision);
    return since === undefined ? [] : [Math.max(0, at - since)];
  });
  latencies.sort((a, b) => a - b);
  const what = `${WATCHERS} watchers of ${CHANGES_PER_SECOND} changes/s`;
  return [
    counted(`${what}, events missed`, commits.length * WATCHERS - events, 0),
    plain(`${what}, commit to watcher, p50`, `${quantile(latencies, 0.5).toFixed(1)} ms`),
    counted(`${what}, commit to watcher, p99`, quantile(latencies, 0.99), EVENT_WITHIN_MS, ' ms'),
    plain('memory of a watcher and its connection', `${Math.round((after - before) / WATCHERS / 1024)} kB`),
  ];
}

/** The daemon itself, its engine away, over a store that somebody left behind. */
async function startFigures(rounds: number): Promise<Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), 'sampan-bench-api-'));
  const times: number[] = [];
  const megabytes: number[] = [];
  try {
    const data = new DataDir(join(dir, 'data'));
    await mkdir(join(dir, 'data'));
    await mkdir(join(dir, 'manifests'));
    await fillStore(data.storePath, START.pods);
    for (let round = 0; round < rounds; round++) {
      const { ms, mb } = await startOver(dir, data);
      times.push(ms);
      megabytes.push(mb);
    }
  } finally {
    await rm(dir, { recursive: true });
  }
  const what = `start over ${START.pods} pods`;
  return [
    timed(`${what}, all are listed`, times, START.withinMs),
    counted(`${what}, resident after it`, Math.round(Math.max(...megabytes)), START.megabytes, ' MB'),
  ];
}

async function startOver(dir: string, { socketPath }: DataDir): Promise<{ ms: number; mb: number }> {
  const main = join(import.meta.dirname, '../../daemon/main.ts');
  const flags = [
    '--data-dir',
    join(dir, 'data'),
    '--docker-host',
    `unix://${dir}/none.sock`,
    '--proxy-mode',
    'none',
    '--secure-port',
    '0',
  ];
  const startedAt = performance.now();
  const daemon = spawn(process.execPath, ['--max-semi-space-size=4', main, 'run', join(dir, 'manifests'), ...flags], {
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  const client = socketClient(socketPath);
  try {
    const listed = async () => {
      const path = '/api/v1/pods?resourceVersion=0';
      const list = await client.send<{ items: unknown[] }>({ path }).catch(() => undefined);
      return list?.items.length === START.pods;
    };
    while (!(await listed())) {
      if (daemon.exitCode !== null) throw new Error(`the daemon ended with ${daemon.exitCode}`);
      await delay(20);
    }
    const ms = performance.now() - startedAt;
    return { ms, mb: residentMegabytes(daemon.pid ?? 0) };
  } finally {
    client.close();
    daemon.kill('SIGTERM');
    await ended;
  }
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
