/** Answers questions over UDP: one packet, one reply. Opened by dns-server.ts, which knows the address. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { udpLimit } from './answer.ts';
import type { Resolver } from './resolver.ts';
import type { Server } from './upstream/exchange.ts';

/** Questions that come while the daemon is busy with something else wait in the kernel; it grants what its limits allow. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** Rejects where the address cannot be had. */
export async function listenOnUdp({ address, port }: Server, resolver: Resolver): Promise<Listener> {
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, address, () => {
      socket.off('error', reject);
      resolve();
    });
  }).catch((error: unknown) => {
    socket.close();
    throw error;
  });
  // A reply that cannot be sent is one that got lost: the client asks again.
  socket.on('error', () => undefined);
  let isOpen = true;
  const send = (reply: Buffer, client: RemoteInfo) => {
    if (isOpen) socket.send(reply, client.port, client.address, () => undefined);
  };
  socket.on('message', (packet, client) => {
    if (client.port === 0) return;
    const reply = resolver.reply(packet, udpLimit);
    if (reply instanceof Promise) void reply.then((late) => send(late, client));
    else if (reply !== undefined) send(reply, client);
  });
  return {
    port: socket.address().port,
    close: () => {
      isOpen = false;
      return closed(socket);
    },
  };
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(resolve));
}
