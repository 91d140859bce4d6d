/**
 * The floor of the API server's figures: an HTTPS server of Node's own that knows nothing and sends the same number of bytes, on the
 * same kind of certificate. Started by ../api.ts beside the server under measure.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Certificates } from '../../../daemon/adapters/certificates/certificates.ts';
import { pemOf } from '../../../daemon/adapters/certificates/certified-key.ts';
import { systemClock } from '../../../daemon/adapters/system-clock.ts';
import { paced } from './pace.ts';
import { type ChurnReport, quiet, type Ready } from './server.ts';
import { monotonicMs } from './timed-store.ts';

/** `bytes` of an event; the same order as the server's beside it. */
export interface FloorOrder {
  readonly churn: { readonly perSecond: number; readonly seconds: number; readonly bytes: number };
}

const PART = Buffer.alloc(64 * 1024, 'x');
const watchers = new Set<ServerResponse>();

/** So many bytes, a part when the one before it is gone. */
function send(response: ServerResponse, bytes: number): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes });
  let left = bytes;
  const next = () => {
    if (left <= PART.length) {
      response.end(PART.subarray(0, left));
      return;
    }
    left -= PART.length;
    response.write(PART, next);
  };
  next();
}

const folder = mkdtempSync(join(tmpdir(), 'sampan-bench-floor-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const { serving, authority } = await Certificates.open(
  { folder, names: ['localhost', '127.0.0.1'], nodeName: 'floor' },
  { clock: systemClock, log: quiet },
);
const { certificate: cert, key } = pemOf(serving);
const server = createServer({ cert, key }, (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://localhost');
  if (pathname === '/bytes') return send(response, Number(searchParams.get('count')));
  response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
  watchers.add(response);
  response.on('close', () => watchers.delete(response));
});

process.on('message', async ({ churn: { perSecond, seconds, bytes } }: FloorOrder) => {
  const commits: [number, number][] = [];
  await paced(perSecond, seconds, (index) => {
    commits.push([index, monotonicMs()]);
    const head = `{"resourceVersion":"${index}","rest":"`;
    const line = Buffer.from(`${head}${'x'.repeat(bytes - head.length - 3)}"}\n`);
    for (const watcher of watchers) watcher.write(line);
  });
  process.send?.({ commits } satisfies ChurnReport);
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ port, ca: pemOf(authority).certificate } satisfies Ready);
});
