/**
 * The API server: Kubernetes' REST paths, over a unix socket and HTTPS. One request in, one verb of the registry out; what an object
 * means is decided there and in the loops, who may ask in the pipeline, never here.
 */

import type { ObjectCache } from '../../reconcilers/kit/object-cache.ts';
import { ALL_KINDS } from '../../reconcilers/objects/kinds.ts';
import type { RegistryClient } from '../../reconcilers/ports/object-client.ts';
import { InFlight } from './access/in-flight.ts';
import { BUILT_IN } from './access/rbac/built-in.ts';
import { RbacAuthorizer } from './access/rbac/rbac-authorizer.ts';
import { ChangeFeed } from './change-feed.ts';
import { Discovery } from './discovery/discovery.ts';
import { type HealthChecks, serveHealth } from './discovery/health.ts';
import { servedResources } from './discovery/served-resources.ts';
import { serveVersion, versionInfo } from './discovery/version.ts';
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
import { OpenApi } from './openapi/openapi.ts';
import { type Access, serve } from './pipeline.ts';
import { parseRequest } from './request-info.ts';
import { serveResource } from './resource-routes.ts';
import type { ObjectServices } from './services.ts';
import { pathNotFound } from './status.ts';
import type { StreamDeps } from './streams/serve.ts';

export interface ApiServerDeps extends StreamDeps {
  readonly client: RegistryClient;
  /** Lists and watches are served from it. */
  readonly cache: ObjectCache;
  /** What `sampan status` shows beside the objects: the loops' explanations, the store, the version. */
  readonly diagnostics: () => unknown;
  /** sampan's own, such as `0.1.0`. */
  readonly version: string;
  readonly health: HealthChecks;
  /** Default: the built-in roles, and nobody but the socket's owner and who has a certificate. */
  readonly access?: Access;
}

export class ApiServer {
  readonly #deps: ApiServerDeps;
  readonly #access: Access;
  readonly #services: ObjectServices;
  readonly #discovery: Discovery;
  readonly #openApi: OpenApi;
  readonly #stop = new AbortController();
  readonly #listeners: Listener[] = [];

  constructor(deps: ApiServerDeps) {
    this.#deps = deps;
    const served = servedResources(ALL_KINDS);
    this.#discovery = new Discovery(served);
    this.#openApi = new OpenApi(served, versionInfo(deps.version).gitVersion);
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
    if ((await serveHealth(exchange, health, log)) || (await this.#openApi.serve(exchange))) return;
    if (attributes.path === '/diagnostics') return sendJson(response, 200, this.#deps.diagnostics());

    const asked = parseRequest(request.method ?? 'GET', request.url ?? '/');
    if (asked === undefined) return sendJson(response, 404, pathNotFound());
    await serveResource(exchange, asked, { ...this.#deps, ...this.#services });
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
