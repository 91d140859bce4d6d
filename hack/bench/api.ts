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
import type { FloorOrder } from './api/floor-server.ts';
import { PODS, podNamed } from './api/pods.ts';
import { Worker } from './api/process.ts';
import type { ChurnReport, Ready, Report, ServerOrder } from './api/server.ts';
import { besideFloor, counted, type Figure, plain, ratedAgainstFloor, timed } from './figures.ts';
import { residentMegabytes } from './process-cost.ts';

const POD_COUNT = 1_000;
const LISTS_PER_SECOND = 100;
/** In so many groups, of each of which one looks: it is a process of its own that others do not keep busy. */
const WATCHERS = 100;
const GROUPS = 10;
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
  readonly looker: Worker<ClientOrder>;
  readonly floor: Floor;
}

/** What sends the same bytes and does nothing else, and who asks it. */
interface Floor {
  readonly server: Worker<FloorOrder>;
  readonly client: Worker<ClientOrder>;
  readonly looker: Worker<ClientOrder>;
  readonly port: number;
}

const script = (name: string) => join(import.meta.dirname, 'api', name);

async function clientOf({ port, ca }: Ready): Promise<Worker<ClientOrder>> {
  return (await Worker.start<ClientOrder, 'ready'>(script('client.ts'), [String(port), ca])).worker;
}

async function startFloor(): Promise<Floor> {
  const { worker: server, hello } = await Worker.start<FloorOrder, Ready>(script('floor-server.ts'), []);
  return { server, client: await clientOf(hello), looker: await clientOf(hello), port: hello.port };
}

async function servedFigures(seconds: number): Promise<Figure[]> {
  const started = await Worker.start<ServerOrder, Ready>(script('server.ts'), [String(POD_COUNT)]);
  const { worker: server, hello } = started;
  const [client, looker] = [await clientOf(hello), await clientOf(hello)];
  const floor = await startFloor();
  const bench: Bench = { server, client, port: hello.port, looker, floor };
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
    for (const worker of [client, looker, floor.client, floor.looker, server, floor.server]) await worker.close();
  }
}

const LOAD = { connections: 8, method: 'GET', path: '/' };

async function loadFigures(bench: Bench, what: string, load: Load, least?: number): Promise<Figure[]> {
  const { server, client } = bench;
  const before = await server.order<Report>('report');
  const report = await client.order<LoadReport>({ load });
  const { requests, failure, seconds, latenciesMs } = report;
  const { storeMs } = await server.order<Report>('report');
  if (failure !== undefined) throw new Error(`${what}: ${failure}`);
  const rate = requests / seconds;
  const inAll = latenciesMs.reduce((total, ms) => total + ms, 0);
  const share = (100 * (storeMs - before.storeMs)) / inAll;
  const named = `${what}, ${load.connections} connection${load.connections === 1 ? '' : 's'}`;
  const times = `p50 ${quantile(latenciesMs, 0.5).toFixed(1)} ms, p99 ${quantile(latenciesMs, 0.99).toFixed(1)} ms`;
  const each = plain(`${named}, each`, `${times}, ${share.toFixed(0)} % of it the store's`);
  if (load.method !== 'GET') return [plain(named, `${Math.round(rate)}/s`), each];
  // The same number of bytes, from who does nothing else.
  const bytes = Math.round(report.bytes / requests);
  const bare = await bench.floor.client.order<LoadReport>({ load: { ...load, path: `/bytes?count=${bytes}` } });
  return [ratedAgainstFloor(named, rate, bare.requests / bare.seconds, least), each];
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

async function watchFigures(bench: Bench, seconds: number): Promise<Figure[]> {
  const { server, floor } = bench;
  const { rssBytes: before, revision } = await server.order<Report>('report');
  // Without a version, what there is would come first.
  await openWatches(bench, `${PODS}?watch=true&resourceVersion=${revision}`);
  const { rssBytes: after } = await server.order<Report>('report');
  const pace = { perSecond: CHANGES_PER_SECOND, seconds };
  const { commits } = await server.order<ChurnReport>({ churn: { ...pace, pods: POD_COUNT } });
  const told = await endWatches(bench, commits);
  await openWatches(floor, '/watch');
  const bytes = Math.round(told.bytes / told.events);
  const bare = await endWatches(floor, (await floor.server.order<ChurnReport>({ churn: { ...pace, bytes } })).commits);
  const what = `${WATCHERS} watchers of ${CHANGES_PER_SECOND} changes/s`;
  const reached = (share: number) => [quantile(told.latencies, share), quantile(bare.latencies, share)] as const;
  return [
    counted(`${what}, events missed`, commits.length * WATCHERS - told.events, 0),
    besideFloor(`${what}, commit to watcher, p50`, ...reached(0.5)),
    besideFloor(`${what}, commit to watcher, p99`, ...reached(0.99), EVENT_WITHIN_MS),
    plain('memory of a watcher and its connection', `${Math.round((after - before) / WATCHERS / 1024)} kB`),
  ];
}

/** In turns, so that those that look stand neither first nor last among those that are told. */
async function openWatches({ client, looker }: Pick<Bench, 'client' | 'looker'>, path: string): Promise<void> {
  for (let group = 0; group < GROUPS; group++) {
    await client.order<'watching'>({ watch: { count: WATCHERS / GROUPS - 1, path, looks: false } });
    await looker.order<'watching'>({ watch: { count: 1, path, looks: true } });
  }
}

/** How long each event was on its way, sorted; and how much came in all. */
async function endWatches({ client, looker }: Pick<Bench, 'client' | 'looker'>, commits: ChurnReport['commits']) {
  const endOf = (watchers: number) => ({ endWatches: { events: commits.length * watchers } });
  const others = await client.order<WatchReport>(endOf(WATCHERS - GROUPS));
  const { events, bytes, seen } = await looker.order<WatchReport>(endOf(GROUPS));
  const committed = new Map(commits);
  const latencies = seen.flatMap(([revision, at]) => {
    const since = committed.get(revision);
    return since === undefined ? [] : [Math.max(0, at - since)];
  });
  latencies.sort((a, b) => a - b);
  return { events: others.events + events, bytes: others.bytes + bytes, latencies };
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
