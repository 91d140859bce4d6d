/**
 * Answers questions over TCP, each after its length in two bytes: several on one connection, answered as they are ready (RFC 7766). Who is
 * silent, does not read, or sends what is no question is let go. Opened by dns-server.ts.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { TCP_LIMIT } from './answer.ts';
import { HEADER_LENGTH } from './codec.ts';
import type { Resolver } from './resolver.ts';
import type { ListenAt, Listener } from './udp-listener.ts';

const IDLE_MS = 10_000;
const MOST_CONNECTIONS = 256;
/** Of one connection, waiting for other servers. */
const MOST_UNANSWERED = 64;

/** Rejects where the address cannot be had. */
export async function listenOnTcp(at: ListenAt, resolver: Resolver): Promise<Listener> {
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    // The one that came first has had the longest time to ask.
    if (connections.size > MOST_CONNECTIONS) connections.values().next().value?.destroy();
    serve(socket, resolver);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen('fd' in at ? at : { host: at.address, port: at.port, reusePort: at.reusePort === true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', () => undefined);
  const { address, port } = server.address() as AddressInfo;
  return {
    ...{ address, port },
    close: () => {
      for (const connection of connections) connection.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function serve(socket: Socket, resolver: Resolver): void {
  let received: Buffer = Buffer.alloc(0);
  let unanswered = 0;
  socket.setNoDelay(true);
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());

  const regulate = () => {
    if (unanswered >= MOST_UNANSWERED || socket.writableNeedDrain) socket.pause();
    else socket.resume();
  };
  const send = (reply: Buffer) => {
    if (socket.destroyed) return;
    const framed = Buffer.allocUnsafe(2 + reply.length);
    framed.writeUInt16BE(reply.length, 0);
    reply.copy(framed, 2);
    socket.write(framed);
    regulate();
  };
  const answer = (packet: Buffer) => {
    const reply = resolver.reply(packet, () => TCP_LIMIT);
    if (reply === undefined) socket.destroy();
    else if (reply instanceof Promise) {
      unanswered += 1;
      void reply.then((late) => {
        unanswered -= 1;
        send(late);
      });
    } else send(reply);
  };
  socket.on('drain', regulate);
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    let offset = 0;
    while (!socket.destroyed && received.length - offset >= 2) {
      const length = received.readUInt16BE(offset);
      if (length < HEADER_LENGTH) socket.destroy();
      if (received.length - offset - 2 < length) break;
      answer(received.subarray(offset + 2, offset + 2 + length));
      offset += 2 + length;
    }
    received = received.subarray(offset);
    regulate();
  });
}
