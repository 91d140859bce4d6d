/** The CLI's way to the daemon: HTTP over the unix socket in the data dir. Refusals arrive as the Status the server sent. */
import { existsSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import { CERTIFICATE_FILE } from '../adapters/certificates/node-files.ts';

export const SOCKET_NAME = 'sampan.sock';
export const TABLE_ACCEPT = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

export interface ApiRequest {
  readonly method?: string;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

export class ApiConnection {
  readonly #dataDir: string;
  readonly #socketPath: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.#socketPath = join(dataDir, SOCKET_NAME);
  }

  /** The parsed body. Usage error where no daemon listens; the server's message where it refuses. */
  async json<T>(path: string, request: ApiRequest = {}): Promise<T> {
    return JSON.parse(await text(await this.#open(path, request))) as T;
  }

  /** The body as it comes. */
  async stream(path: string, request: ApiRequest = {}): Promise<AsyncIterable<Uint8Array>> {
    return this.#open(path, request);
  }

  /** One parsed value per line of the body, as a watch sends them. */
  async *lines<T>(path: string, request: ApiRequest = {}): AsyncIterable<T> {
    const response = await this.#open(path, request);
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield JSON.parse(line) as T;
    }
  }

  async #open(
    path: string,
    { method = 'GET', accept, contentType, body, signal }: ApiRequest,
  ): Promise<IncomingMessage> {
    const headers = {
      accept: accept ?? 'application/json',
      ...(body !== undefined && { 'content-type': contentType ?? 'application/json' }),
    };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const socketPath = this.#socketPath;
      const request = httpRequest({ socketPath, path, method, headers, ...(signal && { signal }) }, resolve);
      request.on('error', (cause: NodeJS.ErrnoException) => reject(this.#unreachable(cause)));
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
    const { statusCode = 0 } = response;
    if (statusCode < 300) return response;
    const answer = await text(response);
    let message: string;
    try {
      message = (JSON.parse(answer) as { message: string }).message;
    } catch {
      message = `the daemon answered ${statusCode}: ${answer.slice(0, 200)}`;
    }
    throw new SampanError('Usage', { detail: `Error from server: ${message}`, status: statusCode });
  }

  #unreachable(cause: NodeJS.ErrnoException): Error {
    if (cause.code === 'ENOENT' && existsSync(join(this.#dataDir, 'pki', CERTIFICATE_FILE))) {
      const detail =
        'this machine is a node of a cluster (sampan agent), and its masters are who knows: run this on one of them, or use kubectl with what `sampan kubeconfig --server https://MASTER:6443` prints there';
      return new SampanError('Usage', { detail }, cause);
    }
    const why: Record<string, string> = {
      ENOENT: `no daemon runs with this data dir (there is no ${this.#socketPath}); start one with sampan run, or name another with --data-dir`,
      ECONNREFUSED: `no daemon listens on ${this.#socketPath}; start it with sampan run`,
      EACCES: `${this.#socketPath} may only be opened by its owner; run this as that user`,
    };
    const detail = why[cause.code ?? ''];
    return detail === undefined ? cause : new SampanError('Usage', { detail }, cause);
  }
}

async function text(response: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
