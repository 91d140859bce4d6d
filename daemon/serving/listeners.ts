/**
 * Where requests come in: the unix socket that only its owner may open, and HTTPS. Both have the same limits against slow and
 * greedy clients, and hand over what comes with the word which of them it came by. server.ts opens them; they know nothing of what
 * is asked.
 */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';

/** How long clients may take. */
export interface Patience {
  readonly handshakeMs: number;
  readonly headersMs: number;
  readonly requestMs: number;
  /** How often that is looked at. */
  readonly checkMs: number;
}

const PATIENCE: Patience = { handshakeMs: 10_000, headersMs: 10_000, requestMs: 60_000, checkMs: 1_000 };

const LIMITS = {
  headerBytes: 64 * 1024,
  /** Longer than client-go keeps an idle connection (90 s), so that it never writes into one that we are closing. */
  keepAliveMs: 120_000,
  /** What is still open so long after the end is cut off. */
  closeMs: 5_000,
  /** Five of each node: a thousand of them, and their masters' clients beside. */
  connections: 8_000,
};

export type Via = 'socket' | 'tls';

/** One request as it came in. */
export interface Arrival {
  readonly via: Via;
  readonly request: IncomingMessage;
  /** On an upgrade it is bound to the socket; who takes the socket over detaches it first. */
  readonly response: ServerResponse;
  /** Set where the client asks for another protocol; `head` is what it sent of it already. */
  readonly upgrade?: { readonly socket: Duplex; readonly head: Buffer };
}

export interface Listener {
  /** The port, where it has one. */
  readonly port: number | undefined;
  /** Stops taking connections, closes the idle ones, and waits for the rest, not for long. */
  close(): Promise<void>;
}

export interface TlsListener extends Listener {
  /** New connections see the new certificate; those that are open go on. */
  renew(identity: TlsIdentity): void;
}

/** PEM. Clients show certificates that `authority` signed, or none. */
export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

export interface TlsPlace extends TlsIdentity {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly patience?: Patience;
}

type OnArrival = (arrival: Arrival) => void;

/** On a unix socket of mode 0600 at `path`, in a directory of mode 0700; a stale one is replaced. */
export async function listenOnSocket(path: string, onArrival: OnArrival): Promise<Listener> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  rmSync(path, { force: true });
  const server = createHttpServer(httpOptions(PATIENCE));
  const listener = await listening(server, 'socket', onArrival, { path });
  chmodSync(path, 0o600);
  return listener;
}

/** HTTP/1.1 over TLS. See docs/decisions/0020-certificates-and-tls.md. */
export async function listenOnTls(
  { host, port, patience = PATIENCE, ...identity }: TlsPlace,
  onArrival: OnArrival,
): Promise<TlsListener> {
  const server: HttpsServer = createHttpsServer({
    ...httpOptions(patience),
    ...contextOf(identity),
    handshakeTimeout: patience.handshakeMs,
    requestCert: true,
    // A certificate of another authority is no credential; whether there is a token instead is not known yet.
    rejectUnauthorized: false,
  });
  const listener = await listening(server, 'tls', onArrival, { host, port });
  return {
    ...listener,
    port: (server.address() as AddressInfo).port,
    renew: (renewed) => server.setSecureContext(contextOf(renewed)),
  };
}

function httpOptions(patience: Patience): ServerOptions {
  return {
    maxHeaderSize: LIMITS.headerBytes,
    headersTimeout: patience.headersMs,
    requestTimeout: patience.requestMs,
    keepAliveTimeout: LIMITS.keepAliveMs,
    connectionsCheckingInterval: patience.checkMs,
    // Java's client asks for it on every connection without TLS, and a server may pass it over (RFC 9110, 7.8).
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() !== 'h2c',
  };
}

function contextOf({ certificate, key, authority }: TlsIdentity) {
  return { cert: certificate, key, ca: authority, minVersion: 'TLSv1.2' as const };
}

async function listening(
  server: Server,
  via: Via,
  onArrival: OnArrival,
  where: { path: string } | { host: string; port: number },
): Promise<Listener> {
  server.maxConnections = LIMITS.connections;
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.on('request', (request, response) => onArrival({ via, request, response }));
  server.on('upgrade', (request, socket, head) => onArrival(upgradeArrival(via, request, socket, head)));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return { port: undefined, close: () => close(server, open) };
}

/** node:http waits for half-sent requests and upgraded sockets for good, so those are cut off in the end. */
async function close(server: Server, open: ReadonlySet<Socket>): Promise<void> {
  const cutOff = setTimeout(() => {
    for (const socket of open) socket.destroy();
  }, LIMITS.closeMs);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(cutOff);
}

/** Whoever refuses an upgrade answers as to any request, and the connection ends with the answer. */
function upgradeArrival(via: Via, request: IncomingMessage, socket: Duplex, head: Buffer): Arrival {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  // http.Server hands over net.Socket or tls.TLSSocket; its types only say Duplex.
  response.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0]);
  response.on('finish', () => {
    if (response.socket === socket) socket.end();
  });
  socket.on('error', () => socket.destroy());
  return { via, request, response, upgrade: { socket, head } };
}
