/**
 * Requests to one Docker engine: dockerode's transport with kept-alive connections, the API version agreed with the engine, a
 * deadline on every answer. The other files of this folder ask through it; it knows no Docker object and retries nothing.
 */
import { Agent, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { inspect } from 'node:util';
import Dockerode from 'dockerode';
import type { RegistryCredentials } from '../../../reconcilers/ports/container-runtime.ts';
import { messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';

/** The API versions this adapter is written for: of Docker 20.10, and the newest whose changes it takes into account. */
const OLDEST_API = 41;
const NEWEST_API = 51;

const DEFAULT_DEADLINE_MS = 30_000;

export interface DockerRequest {
  /** Undefined values are left out, objects sent as JSON. */
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: object;
  /** For the registry that the engine is to ask; sent as a header of its own. */
  readonly credentials?: RegistryCredentials;
  readonly signal?: AbortSignal;
  /** For the whole answer; of a stream, for its beginning. 30 s without it. */
  readonly deadlineMs?: number;
}

type Method = 'GET' | 'POST' | 'DELETE';

/** What of the answer is wanted: its JSON, the answer as it comes in, or the connection itself, which then is no longer HTTP. */
type Wanted = 'json' | 'stream' | 'connection';

/** Docker's refusal: the status, and the sentence it gave. Never leaves this folder. */
export class DockerRefusal extends Error {
  readonly status: number;

  constructor(status: number, sentence: string, cause?: unknown) {
    super(sentence, { cause });
    this.name = 'DockerRefusal';
    this.status = status;
  }
}

/** What dockerode's transport rejects with: an HTTP answer outside of 2xx, or a failed connection. */
interface TransportError extends Error {
  readonly statusCode?: number;
  readonly json?: { readonly message?: string } | null;
}

export class DockerClient {
  readonly endpoint: string;
  readonly #modem: Dockerode['modem'];
  readonly #agent = new QuietAgent({ keepAlive: true, maxFreeSockets: 64 });
  /** Answers that still come in, and connections that are no longer HTTP. */
  readonly #open = new Set<IncomingMessage | Duplex>();
  #version: Promise<string> | undefined;
  #isClosed = false;

  /** `endpoint`: `unix:///var/run/docker.sock` or `tcp://10.0.0.2:2375`, as $DOCKER_HOST has it. */
  constructor(endpoint: string) {
    this.endpoint = endpoint;
    // Named as undefined, because dockerode would otherwise fill them from the environment.
    const nothingElse = { host: undefined, port: undefined, ca: undefined, cert: undefined, key: undefined };
    const options = { ...nothingElse, ...addressOf(endpoint), protocol: 'http', version: '', agent: this.#agent };
    this.#modem = new Dockerode(options as Dockerode.DockerOptions).modem;
  }

  /** The answer's JSON. Throws DockerRefusal, RuntimeUnavailable, or AbortError where `signal` aborts. */
  async request<T = unknown>(method: Method, path: string, options: DockerRequest = {}): Promise<T> {
    return (await this.#versioned(method, path, options, 'json')) as T;
  }

  /** The answer as it comes in. An abort of `signal` closes the connection, also later; its reader then sees an error. */
  async open(method: Method, path: string, options: DockerRequest = {}): Promise<IncomingMessage> {
    return (await this.#versioned(method, path, options, 'stream')) as IncomingMessage;
  }

  /** The connection after Docker has left HTTP on it, for the streams of a process. Its owner ends it. */
  async hijack(path: string, options: DockerRequest = {}): Promise<Duplex> {
    return (await this.#versioned('POST', path, options, 'connection')) as Duplex;
  }

  /** What a broken connection or stream means for the caller. The engine may come back as another version: agree anew. */
  unavailable(detail: string, cause?: unknown): SampanError {
    this.#version = undefined;
    return new SampanError('RuntimeUnavailable', { endpoint: this.endpoint, detail }, cause);
  }

  /** Breaks off what is under way; what is asked from now on is RuntimeUnavailable. Processes in containers go on. */
  close(): void {
    this.#isClosed = true;
    for (const each of this.#open) each.destroy();
    this.#agent.destroy();
  }

  async #versioned(method: Method, path: string, options: DockerRequest, wanted: Wanted): Promise<unknown> {
    const version = await this.#agree();
    try {
      return await this.#send(method, `/${version}${path}`, options, wanted);
    } catch (error) {
      if (!(error instanceof DockerRefusal && /client version .* is too (new|old)/.test(error.message))) throw error;
      this.#version = undefined;
      return this.#send(method, `/${await this.#agree()}${path}`, options, wanted);
    }
  }

  /** The newest API version that both sides know: https://docs.docker.com/reference/api/engine/#versioned-api-and-sdk. */
  #agree(): Promise<string> {
    this.#version ??= (async () => {
      const answer = (await this.#send('GET', '/_ping', { deadlineMs: 10_000 }, 'stream')) as IncomingMessage;
      answer.resume();
      const [, minor] = /^1\.(\d+)$/.exec(String(answer.headers['api-version'])) ?? [];
      if (minor === undefined || Number(minor) < OLDEST_API) {
        throw this.unavailable(
          `it speaks API ${answer.headers['api-version']}, 1.${OLDEST_API} (Docker 20.10) is needed`,
        );
      }
      return `v1.${Math.min(Number(minor), NEWEST_API)}`;
    })();
    const agreeing = this.#version;
    agreeing.catch(() => {
      if (this.#version === agreeing) this.#version = undefined;
    });
    return agreeing;
  }

  async #send(method: Method, path: string, options: DockerRequest, wanted: Wanted): Promise<unknown> {
    options.signal?.throwIfAborted();
    if (this.#isClosed) throw this.unavailable('this side has closed the connection');
    const deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
    const controller = new AbortController();
    const abort = () => controller.abort();
    let late = false;
    const deadline = setTimeout(() => {
      late = true;
      abort();
    }, deadlineMs);
    options.signal?.addEventListener('abort', abort, { once: true });
    const unlink = () => options.signal?.removeEventListener('abort', abort);
    try {
      const answer = await this.#dial(method, path, options, wanted, controller.signal);
      if (wanted === 'json') unlink();
      else this.#hold(answer as IncomingMessage | Duplex, unlink);
      return answer;
    } catch (error) {
      unlink();
      if (late) throw this.unavailable(`no answer to ${method} ${path} within ${deadlineMs / 1000} s`, error);
      options.signal?.throwIfAborted();
      throw this.#translate(error as TransportError);
    } finally {
      clearTimeout(deadline);
    }
  }

  #hold(answer: IncomingMessage | Duplex, onClose: () => void): void {
    this.#open.add(answer);
    answer.once('close', () => {
      this.#open.delete(answer);
      onClose();
    });
    if (this.#isClosed) answer.destroy();
  }

  #dial(method: Method, path: string, options: DockerRequest, wanted: Wanted, signal: AbortSignal) {
    const query = Object.fromEntries(Object.entries(options.query ?? {}).filter(([, value]) => value !== undefined));
    const dial = {
      method,
      path: `${path}?`, // the mark after which dockerode appends the query
      options: { _query: query, _body: options.body ?? {} },
      ...(options.credentials && { authconfig: options.credentials }),
      isStream: wanted !== 'json',
      hijack: wanted === 'connection',
      abortSignal: signal,
      statusCodes: { 200: true, 201: true, 204: true },
    };
    return new Promise<unknown>((resolve, reject) => {
      this.#modem.dial(dial, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
  }

  #translate(error: TransportError): Error {
    if (error.statusCode === undefined) return this.unavailable(messageOf(error), error);
    const sentence = error.json?.message ?? error.message.replace(/^\(HTTP code \d+\) \S+ - /, '');
    return new DockerRefusal(error.statusCode, sentence.trim(), error);
  }
}

/** dockerode describes each request, agent and all, for a debug line that nobody reads; with many sockets that takes longer
 * than the request. */
class QuietAgent extends Agent {
  [inspect.custom](): string {
    return 'QuietAgent';
  }
}

function addressOf(endpoint: string): { socketPath: string } | { host: string; port: number } {
  const socketPath = /^unix:\/\/(\/.+)$/.exec(endpoint)?.[1];
  if (socketPath !== undefined) return { socketPath };
  const url = endpoint.startsWith('tcp://') ? URL.parse(endpoint) : null;
  if (url?.hostname) return { host: url.hostname, port: Number(url.port || 2375) };
  throw new SampanError('Usage', {
    detail: `Docker's address: expected unix:///PATH or tcp://HOST:PORT, got "${endpoint}"`,
  });
}
