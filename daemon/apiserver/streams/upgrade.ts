/**
 * A request that leaves HTTP: what the server's `upgrade` event hands over, which of them are ours, and how one is refused while it is
 * still HTTP.
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../../reconcilers/ports/clock.ts';
import { sendJson } from '../exchange.ts';
import { statusOf } from '../status.ts';

export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came behind the request's headers already. */
  readonly head: Buffer;
  /** Aborts when the client is gone or the server stops. */
  readonly signal: AbortSignal;
  /** Who asks, for the log. */
  readonly user: string;
}

const KEEP_ALIVE_MS = 30_000;
const HEARTBEAT_MS = 15_000;

/** Whether a request's `Upgrade` header is meant; any other, such as `h2c`, a server may pass over (RFC 9110, 7.8). */
export function asksForUpgrade(request: IncomingMessage): boolean {
  return isWebSocket(request) || isSpdy(request) || isProxied(request);
}

export function isWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket';
}

export function isSpdy(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'spdy/3.1';
}

/** What a program behind `proxy` upgrades to is its own matter. */
function isProxied(request: IncomingMessage): boolean {
  return /\/proxy(\/|\?|$)/.test(request.url ?? '') && request.headers.upgrade?.toLowerCase() !== 'h2c';
}

/** For a connection that may stand still for hours, and whose bytes are typed one by one. */
export function keepOpen(socket: Duplex): void {
  const { setKeepAlive, setNoDelay, setTimeout } = socket as Partial<Socket>;
  setTimeout?.call(socket, 0);
  setNoDelay?.call(socket, true);
  setKeepAlive?.call(socket, true, KEEP_ALIVE_MS);
}

/**
 * Writes a sign of life now and then until the connection is `closed`. A client that vanished while nothing of it is read, because
 * what it sent is not wanted yet, would otherwise never be missed: writing is what finds out.
 */
export function heartbeat(clock: Clock, ping: () => void, closed: Promise<void>): void {
  let cancel = clock.setTimer(HEARTBEAT_MS, function again() {
    ping();
    cancel = clock.setTimer(HEARTBEAT_MS, again);
  });
  void closed.then(() => cancel());
}

/** Answers with the error's Status, as any request would be, and hangs up. */
export function refuse({ request, socket }: Pick<Upgrade, 'request' | 'socket'>, error: unknown): void {
  if (!socket.writable) return;
  const status = statusOf(error);
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Socket);
  response.on('finish', () => socket.end());
  sendJson(response, status.code, status);
}
