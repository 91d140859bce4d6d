/**
 * The API server: Kubernetes' REST paths over a unix socket that only its owner may open. One request in, one verb of the registry
 * out; what an object means is decided there and in the loops, never here.
 */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, ListenOptions } from 'node:net';
import { dirname } from 'node:path';
import { ALL_KINDS } from '../../reconcilers/objects/kinds.ts';
import type { Clock } from '../../reconcilers/ports/clock.ts';
import { isAbort, messageOf, SampanError } from '../../reconcilers/ports/errors.ts';
import type { Log } from '../../reconcilers/ports/log.ts';
import type { ObjectClient } from '../../reconcilers/ports/object-client.ts';
import { Discovery } from './discovery/discovery.ts';
import { type HealthChecks, serveHealth } from './discovery/health.ts';
import { servedResources } from './discovery/served-resources.ts';
import { serveVersion } from './discovery/version.ts';
import { type Exchange, sendJson } from './exchange.ts';
import { Metrics, type UsageReaders } from './metrics/metrics.ts';
import { type PodLogs, servePodLogs } from './pod-logs.ts';
import { serveRead } from './read.ts';
import { parseRequest, type ResourceRequest } from './request-info.ts';
import { pathNotFound, statusOf } from './status.ts';
import { serveWatch } from './watch.ts';
import { serveWrite } from './write.ts';

const LIMITS = { headerBytes: 64 * 1024, headersTimeoutMs: 10_000, requestTimeoutMs: 60_000, connections: 1_000 };

export interface ApiServerDeps {
  readonly client: ObjectClient;
  readonly podLogs: PodLogs;
  /** What `sampan status` shows beside the objects: the loops' explanations, the store, the version. */
  readonly diagnostics: () => unknown;
  /** sampan's own, such as `0.1.0`. */
  readonly version: string;
  readonly health: HealthChecks;
  /** Default: nobody knows what is used. */
  readonly usage?: UsageReaders;
  readonly clock: Clock;
  readonly log: Log;
}

export class ApiServer {
  readonly #deps: ApiServerDeps;
  readonly #discovery = new Discovery(servedResources(ALL_KINDS));
  readonly #metrics: Metrics;
  readonly #servers: Server[] = [];
  readonly #stop = new AbortController();

  constructor(deps: ApiServerDeps) {
    this.#deps = deps;
    this.#metrics = new Metrics(deps);
  }

  /** Listens on a unix socket of mode 0600 at `path`, in a directory of mode 0700; a stale one is replaced. */
  async listen(path: string): Promise<void> {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    rmSync(path, { force: true });
    await this.#listen({ path });
    chmodSync(path, 0o600);
  }

  /** Listens without TLS, and asks nobody who they are: for a loopback address only. Answers the port, chosen where 0 is given. */
  async listenTcp(host: string, port: number): Promise<number> {
    const server = await this.#listen({ host, port });
    return (server.address() as AddressInfo).port;
  }

  /** Ends watches and idle connections, and waits for the requests under way. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(
      this.#servers.map(
        (server) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve());
            server.closeIdleConnections();
          }),
      ),
    );
  }

  async #listen(address: ListenOptions): Promise<Server> {
    const server = createServer(
      {
        maxHeaderSize: LIMITS.headerBytes,
        headersTimeout: LIMITS.headersTimeoutMs,
        requestTimeout: LIMITS.requestTimeoutMs,
      },
      (request, response) => void this.#serve(request, response),
    );
    server.maxConnections = LIMITS.connections;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(address, resolve);
    });
    this.#servers.push(server);
    return server;
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

  async #dispatch(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    const { version, health, log } = this.#deps;
    if (this.#discovery.serve(exchange) || serveVersion(exchange, version)) return;
    if ((await serveHealth(exchange, health, log)) || (await this.#metrics.serve(exchange))) return;
    const url = request.url ?? '/';
    if (url === '/diagnostics') return sendJson(response, 200, this.#deps.diagnostics());

    const asked = parseRequest(request.method ?? 'GET', url);
    if (asked === undefined) return sendJson(response, 404, pathNotFound());
    await this.#handlerOf(asked)(exchange);
  }

  #handlerOf(asked: ResourceRequest): (exchange: Exchange) => Promise<void> {
    const { client, podLogs, clock } = this.#deps;
    const isPod = asked.info.kind === 'Pod';
    if (isPod && asked.subresource === 'log' && asked.verb === 'get') {
      return (exchange) => servePodLogs(exchange, asked, { client, podLogs });
    }
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
