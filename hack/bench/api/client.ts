/**
 * The process that asks: keeps its connections, reads every answer and parses none. Started by ../api.ts with the server's address,
 * told over IPC what to do.
 */
import { Agent, request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMs } from './timed-store.ts';

export interface Load {
  readonly connections: number;
  readonly seconds: number;
  readonly method: string;
  /** `@N@` becomes a number that no other request of the process has. */
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly accept?: string;
}

export interface LoadReport {
  readonly requests: number;
  /** Of all their bodies. */
  readonly bytes: number;
  /** What was answered instead, of the first that failed. */
  readonly failure?: string;
  readonly seconds: number;
  /** Sorted. */
  readonly latenciesMs: readonly number[];
}

export interface Watches {
  readonly count: number;
  readonly path: string;
  /** Whether they look into what they get, for when it came: that costs the machine more than sending it. */
  readonly looks: boolean;
}

export interface WatchReport {
  readonly events: number;
  readonly bytes: number;
  /** Revision and monotonic time of arrival, of the watchers that look. */
  readonly seen: readonly (readonly [number, number])[];
}

/** `events`: so many are waited for, not for ever. */
export interface WatchesEnd {
  readonly events: number;
}

export type ClientOrder = { readonly load: Load } | { readonly watch: Watches } | { readonly endWatches: WatchesEnd };

const LATE_MS = 15_000;

const VERSION = Buffer.from('"resourceVersion":"');
const NEWLINE = 10;

const [, , port = '', ca = ''] = process.argv;
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
const shared = { host: '127.0.0.1', port, servername: 'localhost', ca, agent };
const authorization = 'Bearer bench-token';
let unique = 0;

async function load({ connections, seconds, method, path, body, contentType, accept }: Load): Promise<LoadReport> {
  const latenciesMs: number[] = [];
  let failure: string | undefined;
  let bytes = 0;
  const start = performance.now();
  const until = start + seconds * 1000;
  const headers = {
    authorization,
    ...(accept !== undefined && { accept }),
    ...(contentType !== undefined && { 'content-type': contentType }),
  };
  const one = async () => {
    while (performance.now() < until) {
      unique += 1;
      const filled = (text: string) => text.replaceAll('@N@', String(unique));
      const begun = performance.now();
      const answer = await exchange(method, filled(path), headers, body && filled(body));
      latenciesMs.push(performance.now() - begun);
      if (typeof answer === 'number') bytes += answer;
      else failure ??= answer;
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  const elapsed = (performance.now() - start) / 1000;
  latenciesMs.sort((a, b) => a - b);
  const requests = latenciesMs.length;
  return { requests, bytes, seconds: elapsed, latenciesMs, ...(failure !== undefined && { failure }) };
}

/** How many bytes the answer had; what it says where it is none that was wanted. */
function exchange(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<number | string> {
  return new Promise((resolve, reject) => {
    const sized = body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(body) };
    const sent = request({ ...shared, method, path, headers: sized }, (response) => {
      const { statusCode = 0 } = response;
      let bytes = 0;
      if (statusCode < 300) response.on('data', (chunk) => (bytes += chunk.length)).on('end', () => resolve(bytes));
      else response.once('data', (text: Buffer) => resolve(`${statusCode} ${text.toString()}`)).resume();
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const watching = { requests: [] as ReturnType<typeof request>[], events: 0, bytes: 0, seen: [] as [number, number][] };

/** Resolves when all of them stand. */
async function watch({ count, path, looks }: Watches): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => watchOne(path, looks)));
}

function watchOne(path: string, looks: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...shared, path, headers: { authorization } }, (response) => {
      resolve();
      let rest = Buffer.alloc(0);
      response
        .on('error', () => {})
        .on('data', (chunk: Buffer) => {
          const at = monotonicMs();
          watching.bytes += chunk.length;
          if (looks) rest = Buffer.concat([rest, chunk]);
          let from = 0;
          const bytes = looks ? rest : chunk;
          for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
            watching.events += 1;
            if (looks) watching.seen.push([versionIn(bytes.subarray(from, end)), at]);
            from = end + 1;
          }
          if (looks) rest = rest.subarray(from);
        });
    });
    sent.on('error', reject);
    sent.end();
    watching.requests.push(sent);
  });
}

function versionIn(event: Buffer): number {
  const at = event.indexOf(VERSION) + VERSION.length;
  return Number.parseInt(event.toString('latin1', at, at + 15), 10);
}

async function endWatches(awaited: WatchesEnd): Promise<WatchReport> {
  const until = performance.now() + LATE_MS;
  while (watching.events < awaited.events && performance.now() < until) await delay(50);
  const { events, bytes, seen } = watching;
  for (const each of watching.requests) each.on('error', () => {}).destroy();
  Object.assign(watching, { requests: [], events: 0, bytes: 0, seen: [] });
  return { events, bytes, seen };
}

if (import.meta.main) {
  process.on('message', async (order: ClientOrder) => {
    if ('endWatches' in order) process.send?.(await endWatches(order.endWatches));
    else if ('load' in order) process.send?.(await load(order.load));
    else {
      await watch(order.watch);
      process.send?.('watching');
    }
  });
  process.on('disconnect', () => process.exit());
  process.send?.('ready');
}
