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
  get(path: string, headers?: OutgoingHttpHeaders, method?: string): Promise<Answer>;
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
    log,
    get: (path, headers = {}, method = 'GET') => ask(socketPath, path, headers, method),
    close: async () => {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function ask(socketPath: string, path: string, headers: OutgoingHttpHeaders, method: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath, path, method, headers, agent: false }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      const bytes = response.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
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
    request.end();
  });
}
