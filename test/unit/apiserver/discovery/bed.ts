/** The API server on a loopback port, and requests to it whose headers and body a test looks at. */
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { gunzipSync } from 'node:zlib';
import type { HealthChecks } from '../../../../daemon/apiserver/discovery/health.ts';
import { ApiServer } from '../../../../daemon/apiserver/server.ts';
import { CollectedLog } from '../../../fakes/collected-log.ts';
import { createTestCluster } from '../../../fakes/test-cluster.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Decompressed. */
  readonly bytes: Buffer;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into any answer, and a wrong guess fails them
  json(): any;
}

export interface HttpBed {
  readonly log: CollectedLog;
  get(path: string, headers?: OutgoingHttpHeaders, method?: string): Promise<Answer>;
  close(): Promise<void>;
}

export async function startHttpBed(health: HealthChecks = { live: [], ready: [] }): Promise<HttpBed> {
  const { registry, clock } = await createTestCluster();
  const log = new CollectedLog();
  const server = new ApiServer({
    client: registry,
    podLogs: async function* () {},
    diagnostics: () => ({}),
    version: '0.1.0',
    health,
    clock,
    log,
  });
  const port = await server.listenTcp('127.0.0.1', 0);
  return {
    log,
    get: (path, headers = {}, method = 'GET') => ask(port, path, headers, method),
    close: () => server.close(),
  };
}

function ask(port: number, path: string, headers: OutgoingHttpHeaders, method: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, async (response) => {
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
