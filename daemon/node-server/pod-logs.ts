/** `/containerLogs/...`: a container's output as text, or over a WebSocket, each piece of it a message. */
import { once } from 'node:events';
import type { Pod } from '../../reconcilers/objects/pod.ts';
import type { Clock } from '../../reconcilers/ports/clock.ts';
import type { LogChunk } from '../../reconcilers/ports/container-runtime.ts';
import type { HttpExchange } from '../serving/http-exchange.ts';
import { logOptionsOf } from '../serving/log-options.ts';
import { asksForUpgrade, heartbeat, type Upgrade } from '../serving/upgrade.ts';
import type { PodContainers } from './pod-containers.ts';
import { acceptWebSocket } from './websocket/accept.ts';
import { CLOSE_NORMAL } from './websocket/channels.ts';

const PROTOCOLS = ['binary.k8s.io', 'base64.binary.k8s.io'] as const;

export interface PodLogsDeps {
  readonly containers: PodContainers;
  readonly clock: Clock;
}

export interface LogsAsked {
  readonly pod: Pod;
  readonly container: string;
  readonly query: URLSearchParams;
}

export function servePodLogs(exchange: HttpExchange, asked: LogsAsked, deps: PodLogsDeps): Promise<void> {
  return asksForUpgrade(exchange) ? serveMessages(exchange, asked, deps) : serveText(exchange, asked, deps);
}

async function serveText({ response, signal }: HttpExchange, asked: LogsAsked, deps: PodLogsDeps): Promise<void> {
  const chunks = await read(asked, deps, signal);
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  response.flushHeaders();
  for await (const data of chunks) {
    if (!response.write(data)) await once(response, 'drain', { signal });
  }
  signal.throwIfAborted(); // what was cut off is not at its end
  response.end();
}

/** A log that breaks off breaks the connection. */
async function serveMessages(upgrade: Upgrade, asked: LogsAsked, deps: PodLogsDeps): Promise<void> {
  const gone = new AbortController();
  const chunks = await read(asked, deps, AbortSignal.any([upgrade.signal, gone.signal]));
  const { socket, protocol } = await acceptWebSocket(upgrade, PROTOCOLS);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  heartbeat(deps.clock, () => socket.ping(), closed);
  void closed.then(() => gone.abort());
  socket.on('message', () => {}); // a reader of logs says nothing

  const send = (message: Uint8Array | string) => new Promise<void>((resolve) => socket.send(message, () => resolve()));
  const encode = (data: Uint8Array) =>
    protocol === 'base64.binary.k8s.io' ? Buffer.from(data).toString('base64') : data;
  await send(encode(Buffer.alloc(0))); // the sign that all is set up
  try {
    for await (const data of chunks) await send(encode(data));
    upgrade.signal.throwIfAborted();
    socket.close(CLOSE_NORMAL);
  } catch {
    socket.terminate();
  }
}

/** What the request asks for, up to its limit. Throws what is to be answered instead. */
async function read(
  { pod, container, query }: LogsAsked,
  { containers, clock }: PodLogsDeps,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const { limitBytes, ...options } = logOptionsOf(query, pod.metadata.name, clock.now());
  return upTo(limitBytes, await containers.logs(pod, container, options, signal));
}

async function* upTo(limit: number, chunks: AsyncIterable<LogChunk>): AsyncGenerator<Uint8Array> {
  let left = limit;
  for await (const { data } of chunks) {
    yield data.subarray(0, left);
    left -= data.length;
    if (left <= 0) return;
  }
}
