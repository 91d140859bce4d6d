/**
 * The API server: Kubernetes' REST paths, over a unix socket and HTTPS. One request in, one verb of the registry out; what an object
 * means is decided there and in the loops, who may ask in the pipeline, never here.
 */
import { generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ObjectCache } from '../../reconcilers/kit/object-cache.ts';
import type { RegistryClient } from '../../reconcilers/ports/object-client.ts';
import { sendJson } from '../serving/http-exchange.ts';
import {
  type Arrival,
  type Listener,
  listenOnSocket,
  listenOnTls,
  type TlsListener,
  type TlsPlace,
} from '../serving/listeners.ts';
import { serveAbsentKinds } from './absent-kinds.ts';
import { InFlight } from './access/in-flight.ts';
import { DEFAULT_ISSUER } from './access/issuer.ts';
import { serveIssuerDiscovery } from './access/issuer-discovery.ts';
import { restrictedToNode } from './access/node-restriction/node-client.ts';
import { BUILT_IN } from './access/rbac/built-in.ts';
import { RbacAuthorizer } from './access/rbac/rbac-authorizer.ts';
import { Reviews } from './access/reviews/reviews.ts';
import { type Existing, ServiceAccountTokens } from './access/service-account-tokens.ts';
import { parseNodeUser, publicKeyOf, type UserInfo } from './access/user.ts';
import { ChangeFeed } from './change-feed.ts';
import { Discovery } from './discovery/discovery.ts';
import { type HealthChecks, serveHealth } from './discovery/health.ts';
import { servedResources } from './discovery/served-resources.ts';
import { serveVersion, versionInfo } from './discovery/version.ts';
import { type Exchange, sendNoSuchPath } from './exchange.ts';
import { Metrics } from './metrics/metrics.ts';
import { serveNodeCertificate } from './node-certificates/serve.ts';
import { NodeFeeds } from './node-feed/node-feeds.ts';
import { serveNodeRoutes } from './node-feed/serve.ts';
import { ObjectLists } from './object-lists.ts';
import { OpenApi } from './openapi/openapi.ts';
import { type Access, serve } from './pipeline.ts';
import { readBody } from './request-body.ts';
import { resourceRequest } from './request-info.ts';
import { serveResource } from './resource-routes.ts';
import { SERVED_KINDS } from './served-kinds.ts';
import type { ObjectServices } from './services.ts';
import type { StreamDeps } from './streams/serve.ts';
import { serveBinding } from './write/binding.ts';

export interface ApiServerDeps extends StreamDeps {
  readonly client: RegistryClient;
  /** Lists and watches are served from it. */
  readonly cache: ObjectCache;
  /** What `sampan status` shows beside the objects: the loops' explanations, the store, the version. */
  readonly diagnostics: () => unknown;
  /** sampan's own, such as `0.1.0`. */
  readonly version: string;
  readonly health: HealthChecks;
  /** What agents must know of the cluster before they can begin; absent where there can be none. */
  readonly nodeSettings?: unknown;
  /** Default: the built-in roles, and ServiceAccounts with a key that lasts as long as the server. */
  readonly access?: Access;
}

export class ApiServer {
  readonly #deps: ApiServerDeps;
  readonly #access: Access;
  readonly #reviews: Reviews;
  readonly #services: ObjectServices;
  readonly #discovery: Discovery;
  readonly #openApi: OpenApi;
  readonly #metrics: Metrics;
  readonly #nodeFeeds: NodeFeeds;
  readonly #stop = new AbortController();
  readonly #listeners: Listener[] = [];

  constructor(deps: ApiServerDeps) {
    this.#deps = deps;
    const served = servedResources(SERVED_KINDS);
    this.#discovery = new Discovery(served);
    this.#openApi = new OpenApi(served, versionInfo(deps.version).gitVersion);
    this.#metrics = new Metrics(deps);
    this.#nodeFeeds = new NodeFeeds(deps);
    this.#access = deps.access ?? defaultAccess(deps);
    const { client, cache, clock } = deps;
    this.#reviews = new Reviews({ ...this.#access, client, clock }, valueOfBody);
    this.#services = { client, clock, lists: new ObjectLists(deps), feed: new ChangeFeed(cache, client, clock) };
  }

  /** Listens on a unix socket of mode 0600 at `path`, in a directory of mode 0700; a stale one is replaced. */
  async listen(path: string): Promise<void> {
    this.#listeners.push(await listenOnSocket(path, (arrival) => this.#serve(arrival)));
  }

  /** Listens for HTTPS. */
  async listenOnTls(options: TlsPlace): Promise<TlsListener> {
    const listener = await listenOnTls(options, (arrival) => this.#serve(arrival));
    this.#listeners.push(listener);
    // One that was on its way when the server was closed.
    if (this.#stop.signal.aborted) await listener.close();
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
    if ((await this.#reviews.serve(exchange)) || (await this.#metrics.serve(exchange))) return;
    if (await serveIssuerDiscovery(exchange, this.#access.accounts)) return;
    if (await serveNodeCertificate(exchange, this.#access.nodeCertificates)) return;
    if (await serveNodeRoutes(exchange, this.#nodeFeeds, this.#deps.nodeSettings)) return;
    if (attributes.path === '/diagnostics') return sendJson(response, 200, this.#deps.diagnostics());

    if (attributes.type === 'path') return sendNoSuchPath(exchange);
    const services = this.#servicesFor(exchange.user);
    if (attributes.resource === 'bindings' && attributes.verb === 'create') {
      return serveBinding(exchange, attributes, await readBody(request), services);
    }
    const asked = resourceRequest(attributes);
    if (asked === undefined && (await serveAbsentKinds(exchange, services.client))) return;
    if (asked === undefined) return sendNoSuchPath(exchange);
    await serveResource(exchange, asked, { ...this.#deps, ...services });
  }

  #servicesFor(user: UserInfo): ObjectServices {
    const name = parseNodeUser(user);
    if (name === undefined) return this.#services;
    return { ...this.#services, client: restrictedToNode(this.#services.client, { name, key: publicKeyOf(user) }) };
  }
}

async function valueOfBody(request: IncomingMessage): Promise<unknown> {
  return (await readBody(request)).value;
}

function defaultAccess({ client, clock }: ApiServerDeps): Access {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const existing: Existing = async (kind, objectKey) => (await client.get(kind, objectKey))?.metadata;
  return {
    tokens: [],
    accounts: new ServiceAccountTokens({ key, issuer: DEFAULT_ISSUER }, { clock, existing }),
    authorizer: new RbacAuthorizer(() => BUILT_IN),
    inFlight: new InFlight(),
    hosts: new Set(['localhost', '127.0.0.1', '::1']),
  };
}
