/** An HTTP server on a unix socket that answers as a test scripts it: for what a real Docker engine does only now and then. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ScriptedEngine {
  readonly endpoint: string;
  /** `POST /containers/x/start`, in order, without the version and the query. */
  readonly requests: string[];
  /** All the same with version and query, and the headers. */
  readonly raw: { readonly url: string; readonly body: string; readonly headers: IncomingHttpHeaders }[];
  /** Answers one request; undefined: 404 without a sentence. The key is as in `requests`. */
  readonly answers: Map<string, (response: ServerResponse, request: IncomingMessage) => void>;
  apiVersion: string;
  /** Connections that are open now. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

export async function startScriptedEngine(): Promise<ScriptedEngine> {
  const dir = mkdtempSync(join(tmpdir(), 'engine-'));
  const path = join(dir, 'docker.sock');
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const url = request.url ?? '';
      const name = `${request.method} ${url.replace(/^\/v[\d.]+/, '').replace(/\?.*/, '')}`;
      if (name === 'GET /_ping') return void response.setHeader('Api-Version', engine.apiVersion).end('OK');
      engine.requests.push(name);
      engine.raw.push({ url, body, headers: request.headers });
      const answer = engine.answers.get(name);
      if (answer) answer(response, request);
      else response.writeHead(404).end();
    });
  });
  const engine: ScriptedEngine = {
    endpoint: `unix://${path}`,
    requests: [],
    raw: [],
    answers: new Map(),
    apiVersion: '1.41',
    connections: () => new Promise((resolve, reject) => server.getConnections((e, n) => (e ? reject(e) : resolve(n)))),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(dir, { recursive: true });
    },
  };
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return engine;
}

/** An answer for `answers`. */
export function json(status: number, body: unknown): (response: ServerResponse) => void {
  return (response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
