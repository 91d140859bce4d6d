/**
 * The API server: Kubernetes' REST paths, over a unix socket and HTTPS. One request in, one verb of the registry out; what an object
 * means is decided there and in the loops, who may ask in the pipeline, never here.
 */

import type { ObjectCache } from '../../reconcilers/kit/object-cache.ts';
import { ALL_KINDS } from '../../reconcilers/objects/kinds.ts';
import type { Clock } from '../../reconcilers/ports/clock.ts';
import type { Log } from '../../reconcilers/ports/log.ts';
import type { RegistryClient } from '../../reconcilers/ports/object-client.ts';
import { InFlight } from './access/in-flight.ts';
import { BUILT_IN } from './access/rbac/built-in.ts';
import { RbacAuthorizer } from './access/rbac/rbac-authorizer.ts';
import { ChangeFeed } from './change-feed.ts';
import { Discovery } from './discovery/discovery.ts';
import { type HealthChecks, serveHealth } from './discovery/health.ts';
import { servedResources } from './discovery/served-resources.ts';
import { serveVersion } from './discovery/version.ts';
import { type Exchange, sendJson } from './exchange.ts';
import {
  type Arrival,
  type Listener,
  listenOnSocket,
  listenOnTls,
  type TlsListener,
  type TlsPlace,
} from './listeners.ts';
import { ObjectLists } from './object-lists.ts';
import { type Access, serve } from './pipeline.ts';
import { type PodLogs, servePodLogs } from './pod-logs.ts';
import { serveRead } from './read.ts';
import { parseRequest, type ResourceRequest } from './request-info.ts';
import type { ObjectServices } from './services.ts';
import { pathNotFound } from './status.ts';
import { serveWatch } from './watch.ts';
import { serveWrite } from './write.ts';

export interface ApiServerDeps {
  readonly client: RegistryClient;
  /** Lists and watches are served from it. */
  readonly cache: ObjectCache;
  readonly podLogs: PodLogs;
  /** What `sampan status` shows beside the objects: the loops' explanations, the store, the version. */
  readonly diagnostics: () => unknown;
  /** sampan's own, such as `0.1.0`. */
  readonly version: string;
  readonly health: HealthChecks;
  readonly clock: Clock;
  readonly log: Log;
  /** Default: the built-in roles, and nobody but the socket's owner and who has a certificate. */
  readonly access?: Access;
}

export class ApiServer {
  readonly #deps: ApiServerDeps;
  readonly #access: Access;
  readonly #services: ObjectServices;
  readonly #discovery = new Discovery(servedResources(ALL_KINDS));
  readonly #stop = new AbortController();
  readonly #listeners: Listener[] = [];

  constructor(deps: ApiServerDeps) {
    this.#deps = deps;
    const { client, cache, clock } = deps;
    this.#services = { client, clock, lists: new ObjectLists(deps), feed: new ChangeFeed(cache, client) };
    this.#access = deps.access ?? defaultAccess();
  }

  /** Listens on a unix socket of mode 0600 at `path`, in a directory of mode 0700; a stale one is replaced. */
  async listen(path: string): Promise<void> {
    this.#listeners.push(await listenOnSocket(path, (arrival) => this.#serve(arrival)));
  }

  /** Listens for HTTPS. */
  async listenOnTls(options: TlsPlace): Promise<TlsListener> {
    const listener = await listenOnTls(options, (arrival) => this.#serve(arrival));
    this.#listeners.push(listener);
    return listener;
  }

  /** Ends watches and idle connections, and waits for the requests under way. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }

  #serve(arrival: Arrival): void {
    const { clock, log } = this.#deps;
    const dispatch = (exchange: Exchange) => this.#dispatch(exchange);
    void serve(arrival, { access: this.#access, clock, log, stop: this.#stop.signal, dispatch });
  }

  async #dispatch(exchange: Exchange): Promise<void> {
    const { request, response, attributes } = exchange;
    const { version, health, log } = this.#deps;
    if (this.#discovery.serve(exchange) || serveVersion(exchange, version)) return;
    if (await serveHealth(exchange, health, log)) return;
    if (attributes.path === '/diagnostics') return sendJson(response, 200, this.#deps.diagnostics());

    const asked = parseRequest(request.method ?? 'GET', request.url ?? '/');
    if (asked === undefined) return sendJson(response, 404, pathNotFound());
    await this.#handlerOf(asked)(exchange);
  }

  #handlerOf(asked: ResourceRequest): (exchange: Exchange) => Promise<void> {
    const { client, podLogs } = this.#deps;
    const isPod = asked.info.kind === 'Pod';
    if (isPod && asked.subresource === 'log' && asked.verb === 'get') {
      return (exchange) => servePodLogs(exchange, asked, { client, podLogs });
    }
    switch (asked.verb) {
      case 'get':
      case 'list':
        return (exchange) => serveRead(exchange, asked, this.#services);
      case 'watch':
        return (exchange) => serveWatch(exchange, asked, this.#services);
      default:
        return (exchange) => serveWrite(exchange, asked, client);
    }
  }
}

function defaultAccess(): Access {
  return {
    tokens: [],
    authorizer: new RbacAuthorizer(() => BUILT_IN),
    inFlight: new InFlight(),
    hosts: new Set(['localhost', '127.0.0.1', '::1']),
  };
}
