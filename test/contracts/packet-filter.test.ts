/** The packet filter's contract for what needs no root: the fake, and the userspace proxy on loopback with node ports alone. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { systemClock } from '../../daemon/adapters/system-clock.ts';
import { systemRandom } from '../../daemon/adapters/system-random.ts';
import { UserspaceProxy } from '../../daemon/adapters/userspace-proxy/userspace-proxy.ts';
import type { Endpoint } from '../../reconcilers/ports/packet-filter.ts';
import { dial, dialUdp } from '../e2e/service-proxy/client.ts';
import { CollectedLog } from '../fakes/collected-log.ts';
import { FakePacketFilter } from '../fakes/fake-packet-filter.ts';
import { describePacketFilter } from './packet-filter-suite.ts';

const NETWORK = { serviceCidr: '10.96.0.0/16', podCidr: '10.244.0.0/24', clusterCidr: '10.244.0.0/16' };

describePacketFilter('fake', async () => {
  const filter = new FakePacketFilter(systemRandom);
  return {
    filter,
    network: NETWORK,
    endpoints: [
      { ip: '10.244.0.2', port: 8000 },
      { ip: '10.244.0.3', port: 8000 },
      { ip: '10.244.0.4', port: 8000 },
    ],
    nodePort: 30080,
    dialsClusterAddress: true,
    dialFromOutside: async (route) => {
      const endpoint = filter.dial(route, 'outside');
      return endpoint && `${endpoint.ip}:${endpoint.port}`;
    },
    dial: async (route) => {
      const endpoint = filter.dial(route);
      return endpoint && `${endpoint.ip}:${endpoint.port}`;
    },
    damage: async () => filter.damage(),
    close: async () => {},
  };
});

describePacketFilter('userspace proxy, node ports', async () => {
  const servers = await Promise.all(['127.0.0.2', '127.0.0.3', '127.0.0.4'].map(startServer));
  const [a, b, c] = servers.map(({ endpoint }) => endpoint);
  if (a === undefined || b === undefined || c === undefined) throw new Error('three servers must have started');
  return {
    filter: new UserspaceProxy(
      { random: systemRandom, clock: systemClock, log: new CollectedLog() },
      { clusterAddresses: false },
    ),
    network: NETWORK,
    endpoints: [a, b, c],
    nodePort: await freePort(),
    dialsClusterAddress: false,
    dial: async ({ protocol, nodePort = 0 }) => {
      const result = await (protocol === 'TCP' ? dial : dialUdp)('127.0.0.1', nodePort);
      return result.pod;
    },
    close: async () => {
      for (const server of servers) server.close();
    },
  };
});

/** Answers with its own address over both protocols. */
async function startServer(ip: string): Promise<{ endpoint: Endpoint; close(): void }> {
  const tcp = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(`${ip}:${endpoint.port}`);
  });
  await new Promise<void>((resolve) => tcp.listen(0, ip, resolve));
  const endpoint = { ip, port: portOf(tcp.address()) };
  const udp = createSocket('udp4', (_, from) => udp.send(`${ip}:${endpoint.port}`, from.port, from.address));
  await new Promise<void>((resolve) => udp.bind(endpoint.port, ip, resolve));
  return {
    endpoint,
    close: () => {
      tcp.close();
      udp.close();
    },
  };
}

/** The port, and with luck the next one, that the system gives nobody else just now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function portOf(address: ReturnType<ReturnType<typeof createServer>['address']>): number {
  if (address === null || typeof address === 'string') throw new Error('not a port');
  return address.port;
}
