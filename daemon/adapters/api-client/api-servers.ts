/**
 * HTTPS to the masters' API servers: one is asked until it does not answer, then the next. What none of them answers is an outage, and
 * told as one. The agent's only way to the cluster.
 */
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';
import { bodyText } from './body-text.ts';
import { errorOfStatus } from './error-of-status.ts';
import { checkApiServer } from './join-server.ts';
import { Silence } from './silence.ts';

/**
 * How long a server may take. `vital`: for a connection and for its answer to begin. `others`: since it said anything, to any question or
 * in the feed, which is marked every 5 s. One that is only busy is not asked again, and not left: that would make it busier.
 */
export interface Patience {
  readonly vitalMs: number;
  readonly othersMs: number;
}

const PATIENCE: Patience = { vitalMs: 5_000, othersMs: 10_000 };
/** At once, of a node; a server has those of all nodes. */
const MOST_CONNECTIONS = { vital: 2, others: 3 };

/** In PEM; another one after a renewal. */
export interface ClientIdentity {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** The node lives by it, so it does not wait behind what else the node asks: its feed, its heartbeats. */
  readonly isVital?: boolean;
  readonly signal?: AbortSignal;
}

export class ApiServers {
  readonly #servers: readonly URL[];
  readonly #identity: () => ClientIdentity;
  readonly #patience: Patience;
  /** Who waits for which server to say something. */
  readonly #waiting = new Map<string, Set<Silence>>();
  #current = 0;
  #known: ClientIdentity | undefined;
  #agents: { readonly vital: Agent; readonly others: Agent } | undefined;

  /** `servers`: `https://10.0.0.1:6443`; at least one. */
  constructor(servers: readonly string[], identity: () => ClientIdentity, patience = PATIENCE) {
    this.#servers = servers.map((server) => new URL(server));
    this.#identity = identity;
    this.#patience = patience;
  }

  /** The one that is asked. */
  get current(): string {
    return this.#server.origin;
  }

  /** The parsed answer. What the server refused as the error it is; ServerUnavailable where none answers. */
  async json<T>(request: ApiRequest): Promise<T> {
    return JSON.parse(await bodyText(await this.open(request))) as T;
  }

  /**
   * The answer as it comes. A request that may have been carried out by a server that then went is sent to the next one: each is a
   * compare-and-swap, or names what it makes.
   */
  async open(request: ApiRequest): Promise<IncomingMessage> {
    let failure: unknown;
    for (const _ of this.#servers) {
      const server = this.#server;
      try {
        const response = await this.#send(server, request);
        if ((response.statusCode ?? 0) < 300) return response;
        const refusal = errorOfStatus(response.statusCode ?? 0, await bodyText(response));
        if (refusal.status < 500) throw refusal;
        failure = refusal;
      } catch (error) {
        const isRefusal = error instanceof SampanError && error.code !== 'ServerUntrusted';
        if (request.signal?.aborted || isRefusal) throw error;
        failure = error;
      }
      this.leave(server.origin);
    }
    const servers = this.#servers.map(({ origin }) => origin).join(', ');
    throw new SampanError('ServerUnavailable', { servers, detail: messageOf(failure) }, failure);
  }

  /** That one is not to be asked next. */
  leave(server: string): void {
    if (this.current === server) this.#current = (this.#current + 1) % this.#servers.length;
  }

  /** It said something, so it lives. */
  heard(server: string): void {
    for (const silence of this.#waiting.get(server) ?? []) silence.heard();
  }

  close(): void {
    this.#closeConnections();
  }

  get #server(): URL {
    return this.#servers[this.#current] as URL;
  }

  async #send(
    server: URL,
    { method = 'GET', path, body, isVital = false, signal }: ApiRequest,
  ): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      accept: 'application/json',
      ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    };
    return new Promise((resolve, reject) => {
      const options = {
        method,
        headers,
        agent: this.#agentsNow()[isVital ? 'vital' : 'others'],
        ...(signal && { signal }),
      };
      const asked = httpsRequest(new URL(path, server), options);
      let stopWaiting = () => {};
      // Until then it waits here for its turn.
      asked.on('socket', () => {
        const giveUp = () => asked.destroy(new Error(`${server.origin} is silent`));
        stopWaiting = isVital ? this.#waitFor(giveUp) : this.#waitWithOthers(server.origin, giveUp);
      });
      asked.on('close', () => stopWaiting());
      asked.on('error', reject);
      asked.on('response', (response) => {
        stopWaiting();
        this.heard(server.origin);
        resolve(response);
      });
      asked.end(text);
    });
  }

  #waitFor(giveUp: () => void): () => void {
    const silence = new Silence(this.#patience.vitalMs, giveUp);
    return () => silence.stop();
  }

  #waitWithOthers(server: string, giveUp: () => void): () => void {
    const silence = new Silence(this.#patience.othersMs, giveUp);
    const waiting = this.#waiting.get(server) ?? new Set();
    this.#waiting.set(server, waiting.add(silence));
    return () => {
      waiting.delete(silence);
      silence.stop();
    };
  }

  #agentsNow() {
    const identity = this.#identity();
    if (this.#agents !== undefined && identity === this.#known) return this.#agents;
    this.#known = identity;
    this.#closeConnections();
    const options = { ...identity, checkServerIdentity: checkApiServer, keepAlive: true };
    const agent = (maxSockets: number) => new Agent({ ...options, maxSockets });
    this.#agents = { vital: agent(MOST_CONNECTIONS.vital), others: agent(MOST_CONNECTIONS.others) };
    return this.#agents;
  }

  #closeConnections(): void {
    for (const agent of Object.values(this.#agents ?? {})) agent.destroy();
  }
}
