/**
 * The API server: Kubernetes' REST paths over a unix socket that only its owner may open. One request in, one verb of the registry
 * out; what an object means is decided there and in the loops, never here.
 */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import { isAbort, messageOf, SampanError } from '../../reconcilers/ports/errors.ts';
import { type Exchange, sendJson } from './exchange.ts';
import { servePodLogs } from './pod-logs.ts';
import { serveRead } from './read.ts';
import { parseRequest, type ResourceRequest } from './request-info.ts';
import { pathNotFound, statusOf } from './status.ts';
import { serveProxy } from './streams/proxy/serve.ts';
import { needsUpgrade, type StreamDeps, serveUpgrade, upgradeRequired } from './streams/serve.ts';
import { asksForUpgrade } from './streams/upgrade.ts';
import { serveWatch } from './watch.ts';
import { serveWrite } from './write.ts';

const LIMITS = { headerBytes: 64 * 1024, headersTimeoutMs: 10_000, requestTimeoutMs: 60_000, connections: 1_000 };

export interface ApiServerDeps extends StreamDeps {
  /** What `sampan status` shows beside the objects: the loops' explanations, the store, the version. */
  readonly diagnostics: () => unknown;
}

export class ApiServer {
  readonly #deps: ApiServerDeps;
  readonly #server: Server;
  readonly #stop = new AbortController();

  constructor(deps: ApiServerDeps) {
    this.#deps = deps;
    this.#server = createServer(
      {
        maxHeaderSize: LIMITS.headerBytes,
        headersTimeout: LIMITS.headersTimeoutMs,
        requestTimeout: LIMITS.requestTimeoutMs,
        shouldUpgradeCallback: asksForUpgrade,
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head));
    this.#server.maxConnections = LIMITS.connections;
  }

  /** Listens on a unix socket of mode 0600 at `path`, in a directory of mode 0700; a stale one is replaced. */
  async listen(path: string): Promise<void> {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
  }

  /** Ends watches and idle connections, and waits for the requests under way. */
  async close(): Promise<void> {
    this.#stop.abort();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, this.#stop.signal]);
    try {
      await this.#dispatch({ request, response, signal });
    } catch (error) {
      if (signal.aborted || isAbort(error)) {
        response.destroy();
        return;
      }
      if (!(error instanceof SampanError)) {
        this.#deps.log.error('request failed', { method: request.method, url: request.url, error: messageOf(error) });
      }
      if (response.headersSent) response.destroy();
      else sendJson(response, statusOf(error).code, statusOf(error));
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const gone = new AbortController();
    socket.on('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, this.#stop.signal]);
    const asked = parseRequest(request.method ?? 'GET', request.url ?? '/');
    return serveUpgrade({ request, socket, head, signal, user: 'system:admin' }, asked, this.#deps);
  }

  async #dispatch(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    const url = request.url ?? '/';
    if (url === '/healthz' || url === '/livez' || url === '/readyz') {
      response.end('ok');
      return;
    }
    if (url === '/diagnostics') return sendJson(response, 200, this.#deps.diagnostics());

    const asked = parseRequest(request.method ?? 'GET', url);
    if (asked === undefined) return sendJson(response, 404, pathNotFound());
    await this.#handlerOf(asked)(exchange);
  }

  #handlerOf(asked: ResourceRequest): (exchange: Exchange) => Promise<void> {
    const { client, clock } = this.#deps;
    const isPod = asked.info.kind === 'Pod';
    if (isPod && asked.subresource === 'log' && asked.verb === 'get') {
      return (exchange) => servePodLogs(exchange, asked, this.#deps);
    }
    if (asked.subresource === 'proxy') return (exchange) => serveProxy(exchange, asked, this.#deps);
    if (needsUpgrade(asked)) throw upgradeRequired();
    switch (asked.verb) {
      case 'get':
      case 'list':
        return (exchange) => serveRead(exchange, asked, { client, clock });
      case 'watch':
        return (exchange) => serveWatch(exchange, asked, { client, clock });
      default:
        return (exchange) => serveWrite(exchange, asked, client);
    }
  }
}
