/** An exchange that leaves HTTP: whether and for what it asks to, and how a handler takes its socket over. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../reconcilers/ports/clock.ts';
import type { HttpExchange } from './http-exchange.ts';

/** While a handler still throws, it is answered as HTTP; see {@link takeOver}. */
export type Upgrade<E extends HttpExchange = HttpExchange> = E & {
  readonly upgrade: NonNullable<HttpExchange['upgrade']>;
};

const KEEP_ALIVE_MS = 30_000;
const HEARTBEAT_MS = 15_000;

export function asksForUpgrade<E extends HttpExchange>(exchange: E): exchange is Upgrade<E> {
  return exchange.upgrade !== undefined;
}

export function isWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket';
}

export function isSpdy(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'spdy/3.1';
}

/** From here on nothing of the exchange's answer goes out: the socket is the handler's. */
export function takeOver({ response, upgrade: { socket } }: Upgrade): Duplex {
  response.detachSocket(socket as Socket);
  keepOpen(socket);
  return socket;
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
