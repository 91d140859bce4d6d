/** The API server on its socket, and requests to it whose headers and body a test looks at. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { HealthChecks } from '../../../daemon/apiserver/discovery/health.ts';
import { ApiServer, type ApiServerDeps } from '../../../daemon/apiserver/server.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { nodeDeps } from '../../fakes/fake-node.ts';
import { followedCache } from '../../fakes/followed-cache.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Decompressed. */
  readonly bytes: Buffer;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into any answer, and a wrong guess fails them
  readonly json: () => any;
}

export interface HttpBed {
  readonly cluster: TestCluster;
  readonly log: CollectedLog;
  readonly socketPath: string;
  get(path: string, headers?: OutgoingHttpHeaders, method?: string): Promise<Answer>;
  ask(method: string, path: string, headers: OutgoingHttpHeaders, body?: string): Promise<Answer>;
  /** `body` as JSON, of this type. */
  send(method: string, path: string, body: unknown, contentType?: string): Promise<Answer>;
  /** `text` as it is, as JSON. */
  sendText(method: string, path: string, text: string, contentType?: string): Promise<Answer>;
  close(): Promise<void>;
}

export async function startHttpBed(
  health: HealthChecks = { live: [], ready: [] },
  more: Partial<ApiServerDeps> = {},
): Promise<HttpBed> {
  const cluster = await createTestCluster();
  const { registry, clock } = cluster;
  const log = new CollectedLog();
  const server = new ApiServer({
    client: registry,
    cache: followedCache(registry, clock),
    ...nodeDeps(cluster),
    diagnostics: () => ({}),
    version: '0.1.0',
    health,
    clock,
    log,
    ...more,
  });
  const folder = mkdtempSync(join(tmpdir(), 'sampan-http-'));
  const socketPath = join(folder, 'sampan.sock');
  await server.listen(socketPath);
  return {
    cluster,
    socketPath,
    log,
    get: (path, headers = {}, method = 'GET') => ask(socketPath, path, headers, method),
    ask: (method, path, headers, body) => ask(socketPath, path, headers, method, body),
    send: (method, path, body, contentType = 'application/json') =>
      ask(socketPath, path, { 'content-type': contentType }, method, JSON.stringify(body)),
    sendText: (method, path, text, contentType = 'application/json') =>
      ask(socketPath, path, { 'content-type': contentType }, method, text),
    close: async () => {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function ask(
  socketPath: string,
  path: string,
  headers: OutgoingHttpHeaders,
  method: string,
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sized = body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(body) };
    const request = httpRequest({ socketPath, path, method, headers: sized, agent: false }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
      const received = Buffer.concat(chunks);
      const bytes = response.headers['content-encoding'] === 'gzip' ? gunzipSync(received) : received;
      const text = bytes.toString();
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        bytes,
        text,
        json: () => JSON.parse(text),
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}
