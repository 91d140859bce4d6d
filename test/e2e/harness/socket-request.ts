/**
 * One HTTP request over a unix socket: how the harness and the benchmarks talk to the Docker API and to the daemon without
 * either's own client. Never retries.
 */
import { Agent, type IncomingMessage, request } from 'node:http';
import type { Readable } from 'node:stream';

export interface SocketRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With the query, such as `/containers/json?all=1`. */
  readonly path: string;
  /** An object is sent as JSON, a stream as it is. */
  readonly body?: object | Readable;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** An answer outside of 2xx. `body` is what came, parsed where it is JSON. */
export class UnexpectedStatus extends Error {
  readonly status: number;
  readonly body: unknown;

  constructor(what: SocketRequest, status: number, body: unknown) {
    const message = (body as { message?: string } | null)?.message ?? JSON.stringify(body);
    super(`${what.method ?? 'GET'} ${what.path} answered ${status}: ${message}`);
    this.status = status;
    this.body = body;
  }
}

/** A client for one socket, with kept-alive connections; `close` lets the process end. */
export interface SocketClient {
  /** The parsed JSON answer (undefined when empty, the text when it is not JSON); throws UnexpectedStatus outside of 2xx. */
  send<T = unknown>(what: SocketRequest): Promise<T>;
  /** The answer as it comes in, for watches and logs; throws UnexpectedStatus outside of 2xx. */
  open(what: SocketRequest): Promise<IncomingMessage>;
  close(): void;
}

export function socketClient(socketPath: string): SocketClient {
  const agent = new Agent({ keepAlive: true });

  const open = async (what: SocketRequest): Promise<IncomingMessage> => {
    const response = await exchange(socketPath, agent, what);
    const status = response.statusCode ?? 0;
    if (status < 200 || status > 299) throw new UnexpectedStatus(what, status, parse(await text(response)));
    return response;
  };
  return {
    open,
    async send<T>(what: SocketRequest): Promise<T> {
      return parse(await text(await open(what))) as T;
    },
    close: () => agent.destroy(),
  };
}

function exchange(socketPath: string, agent: Agent, what: SocketRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { body } = what;
    const stream = body !== undefined && 'pipe' in body ? (body as Readable) : undefined;
    const json = body === undefined || stream ? undefined : JSON.stringify(body);
    const type = what.contentType ?? (stream ? 'application/x-tar' : 'application/json');
    const outgoing = request(
      {
        socketPath,
        agent,
        method: what.method ?? 'GET',
        path: what.path,
        headers: body === undefined ? {} : { 'content-type': type },
        ...(what.signal && { signal: what.signal }),
      },
      resolve,
    );
    outgoing.on('error', reject);
    if (stream) stream.pipe(outgoing);
    else outgoing.end(json);
  });
}

async function text(response: IncomingMessage): Promise<string> {
  let all = '';
  for await (const part of response.setEncoding('utf8')) all += part;
  return all;
}

function parse(body: string): unknown {
  if (body === '') return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
