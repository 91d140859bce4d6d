/** Answers questions over UDP: one packet, one reply. Opened by dns-server.ts, which knows the address. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { udpLimit } from './answer.ts';
import type { Resolver } from './resolver.ts';
import type { Server } from './upstream/exchange.ts';

/** Questions that come while the daemon is busy with something else wait in the kernel; it grants what its limits allow. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;

/** `reusePort`: shared with who listens there already. `fd`: bound by somebody else. */
export type ListenAt = (Server & { readonly reusePort?: boolean }) | { readonly fd: number };

export interface Listener {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Rejects where the address cannot be had. */
export async function listenOnUdp(at: ListenAt, resolver: Resolver): Promise<Listener> {
  const type = 'address' in at && isIPv6(at.address) ? 'udp6' : 'udp4';
  const reusePort = 'reusePort' in at && at.reusePort;
  const socket = createSocket({ type, recvBufferSize: RECEIVE_BUFFER_BYTES, ...(reusePort && { reusePort }) });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind('fd' in at ? { fd: at.fd } : { address: at.address, port: at.port }, () => {
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
  const { address, port } = socket.address();
  return {
    ...{ address, port },
    close: () => {
      isOpen = false;
      return closed(socket);
    },
  };
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(resolve));
}
