/**
 * HTTPS to the masters' API servers: one is asked until it does not answer, then the next. What none of them answers is an outage, and
 * told as one. The agent's only way to the cluster.
 */
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';
import { errorOfStatus } from './error-of-status.ts';
import { checkApiServer } from './join-server.ts';
import { Silence } from './silence.ts';

/** For a connection, and for an answer to begin; one that is longer silent is as good as gone. */
const SILENT_MS = 5_000;
/** At once: one for the node's feed, the others for all it writes. A server has those of all nodes. */
const MOST_CONNECTIONS = 4;

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
  readonly signal?: AbortSignal;
}

export class ApiServers {
  readonly #servers: readonly URL[];
  readonly #identity: () => ClientIdentity;
  #current = 0;
  #known: ClientIdentity | undefined;
  #agent = new Agent();

  /** `servers`: `https://10.0.0.1:6443`; at least one. */
  constructor(servers: readonly string[], identity: () => ClientIdentity) {
    this.#servers = servers.map((server) => new URL(server));
    this.#identity = identity;
  }

  /** The one that is asked. */
  get current(): string {
    return this.#server.origin;
  }

  /** The parsed answer. What the server refused as the error it is; ServerUnavailable where none answers. */
  async json<T>(request: ApiRequest): Promise<T> {
    return JSON.parse(await textOf(await this.open(request))) as T;
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
        const refusal = errorOfStatus(response.statusCode ?? 0, await textOf(response));
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

  close(): void {
    this.#agent.destroy();
  }

  get #server(): URL {
    return this.#servers[this.#current] as URL;
  }

  async #send(server: URL, { method = 'GET', path, body, signal }: ApiRequest): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      accept: 'application/json',
      ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    };
    return new Promise((resolve, reject) => {
      const options = { method, headers, agent: this.#agentNow(), ...(signal && { signal }) };
      const asked = httpsRequest(new URL(path, server), options);
      let silence: Silence | undefined;
      // Until then it waits here for its turn.
      asked.on('socket', () => {
        silence = new Silence(SILENT_MS, () => asked.destroy(new Error(`${server.origin} is silent`)));
      });
      asked.on('close', () => silence?.stop());
      asked.on('error', reject);
      asked.on('response', (response) => {
        silence?.stop();
        resolve(response);
      });
      asked.end(text);
    });
  }

  #agentNow(): Agent {
    const identity = this.#identity();
    if (identity === this.#known) return this.#agent;
    this.#known = identity;
    this.#agent.destroy();
    this.#agent = new Agent({
      ...identity,
      checkServerIdentity: checkApiServer,
      keepAlive: true,
      maxSockets: MOST_CONNECTIONS,
    });
    return this.#agent;
  }
}

async function textOf(response: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
