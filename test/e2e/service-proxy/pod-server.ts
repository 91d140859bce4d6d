/**
 * What a pod serves in the service-proxy tests: each TCP connection is greeted with the pod's name and the address it came from,
 * then echoed; each UDP packet is answered with the same greeting.
 */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** Resolves when both protocols are served on `port` of every address. */
export async function serve(name: string, port: number): Promise<void> {
  const tcp = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.write(`${name} ${socket.remoteAddress}\n`);
    socket.pipe(socket);
  });
  const udp = createSocket('udp4', (_, from) => udp.send(`${name} ${from.address}\n`, from.port, from.address));
  await Promise.all([
    new Promise<void>((resolve, reject) => tcp.once('error', reject).listen(port, '0.0.0.0', resolve)),
    new Promise<void>((resolve) => udp.bind(port, resolve)),
  ]);
}
