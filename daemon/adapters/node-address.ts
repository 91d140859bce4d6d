/** This machine's address for other machines: where `--node-ip` does not say, the one its default route leaves from. */
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';

/** A documentation address (RFC 5737): asking the kernel for the way there sends nothing. */
const ANYWHERE = '192.0.2.1';
const PORT = 9;

/** An IPv4 address; the loopback's where the machine has no other. */
export async function findNodeAddress(): Promise<string> {
  return (await sourceAddress()) ?? firstAddress() ?? '127.0.0.1';
}

/** The address the kernel would send from; undefined without a default route. */
function sourceAddress(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const done = (address: string | undefined) => {
      socket.close();
      resolve(address);
    };
    socket.once('error', () => done(undefined));
    socket.connect(PORT, ANYWHERE, () => done(socket.address().address));
  });
}

function firstAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address;
}
