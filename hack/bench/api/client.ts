/**
 * The process that asks: keeps its connections, reads every answer and parses none. Started by ../api.ts with the server's address,
 * told over IPC what to do.
 */
import { Agent, request } from 'node:https';
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
  /** What was answered instead, of the first that failed. */
  readonly failure?: string;
  readonly seconds: number;
  /** Sorted. */
  readonly latenciesMs: readonly number[];
}

export interface Watches {
  readonly count: number;
  readonly path: string;
}

export interface WatchReport {
  readonly events: number;
  /** Revision and monotonic time of arrival, of the watchers that are looked at. */
  readonly seen: readonly (readonly [number, number])[];
  /** How many those are. */
  readonly watchers: number;
}

export type ClientOrder = { readonly load: Load } | { readonly watch: Watches } | 'end watches';

/** Looking into an event costs the machine more than sending it: every so many watchers one does. */
const LOOKED_AT = 10;
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
      const refusal = await exchange(method, filled(path), headers, body && filled(body));
      latenciesMs.push(performance.now() - begun);
      failure ??= refusal;
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  const elapsed = (performance.now() - start) / 1000;
  latenciesMs.sort((a, b) => a - b);
  return { requests: latenciesMs.length, seconds: elapsed, latenciesMs, ...(failure !== undefined && { failure }) };
}

/** Undefined where it was answered well. */
function exchange(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const sized = body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(body) };
    const sent = request({ ...shared, method, path, headers: sized }, (response) => {
      const { statusCode = 0 } = response;
      if (statusCode < 300) response.on('end', () => resolve(undefined)).resume();
      else response.once('data', (text: Buffer) => resolve(`${statusCode} ${text}`)).resume();
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const watching = { requests: [] as ReturnType<typeof request>[], events: 0, seen: [] as [number, number][], looked: 0 };

/** Resolves when all of them stand. */
async function watch({ count, path }: Watches): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, index) => watchOne(path, index % LOOKED_AT === 0)));
}

function watchOne(path: string, looks: boolean): Promise<void> {
  if (looks) watching.looked += 1;
  return new Promise((resolve, reject) => {
    const sent = request({ ...shared, path, headers: { authorization } }, (response) => {
      resolve();
      let rest = Buffer.alloc(0);
      response
        .on('error', () => {})
        .on('data', (chunk: Buffer) => {
          const at = monotonicMs();
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

function endWatches(): WatchReport {
  const { events, seen, looked } = watching;
  for (const each of watching.requests) each.on('error', () => {}).destroy();
  Object.assign(watching, { requests: [], events: 0, seen: [], looked: 0 });
  return { events, seen, watchers: looked };
}

if (import.meta.main) {
  process.on('message', async (order: ClientOrder) => {
    if (order === 'end watches') process.send?.(endWatches());
    else if ('load' in order) process.send?.(await load(order.load));
    else {
      await watch(order.watch);
      process.send?.('watching');
    }
  });
  process.on('disconnect', () => process.exit());
  process.send?.('ready');
}
