/** The packet filter's contract, held by real nftables and by the userspace proxy with cluster addresses; plus what only the latter shows. */
import assert from 'node:assert/strict';
import { describePacketFilter, type FilterWorld } from '../contracts/packet-filter-suite.ts';
import { useTestBed } from './harness/test-bed.ts';
import type { FilterSetup } from './service-proxy/filter-host.ts';
import { RemoteFilter } from './service-proxy/remote-filter.ts';
import { BRIDGE, createTestNode, NETWORK, NODE_PORTS, POD_PORT, type TestNode } from './service-proxy/test-node.ts';

/** Of a documentation range (RFC 5737): nobody has it. */
const EXTERNAL_IP = '198.51.100.7';

describe('packet filters in a network namespace', () => {
  const bed = useTestBed(['ip', 'nsenter', 'nft']);

  const openWorld = async (setup: FilterSetup): Promise<FilterWorld & { readonly node: TestNode }> => {
    const node = await createTestNode(bed, 4);
    const endpoint = (index: number) => ({ ip: node.pods[index]?.ip ?? '', port: POD_PORT });
    const addresses = new Map(node.pods.map(({ name, ip }) => [name, `${ip}:${POD_PORT}`]));
    const dial = async (protocol: string, ip: string, port: number, from = node.pods[3]?.agent) => {
      const result = await from?.call(protocol === 'TCP' ? 'dial' : 'dialUdp', ip, port);
      return addresses.get(result?.pod ?? '');
    };
    return {
      node,
      filter: await RemoteFilter.create(node.agent, setup),
      network: NETWORK,
      endpoints: [endpoint(0), endpoint(1), endpoint(2)],
      nodePort: 30080,
      dialsClusterAddress: true,
      dial: ({ protocol, clusterIP, port }) => dial(protocol, clusterIP, port),
      dialFromOutside: ({ protocol, nodePort = 0 }) => dial(protocol, node.address, nodePort, node.outside),
      external: { ip: EXTERNAL_IP, dial: ({ protocol, port }) => dial(protocol, EXTERNAL_IP, port) },
      close: async () => {},
    };
  };

  describePacketFilter('nftables', async () => {
    const world = await openWorld({ mode: 'nftables', options: { bridge: BRIDGE, nodePorts: NODE_PORTS } });
    const damage = async () => void (await world.node.netns.run('nft', ['flush', 'ruleset']));
    return { ...world, damage };
  });

  describePacketFilter('userspace proxy', () => openWorld({ mode: 'userspace', options: { clusterAddresses: true } }));

  describe('the userspace proxy', () => {
    let world: Awaited<ReturnType<typeof openWorld>>;
    const web = { name: 'default/web', protocol: 'TCP', clusterIP: '10.96.0.10', port: 80, nodePort: 30080 } as const;

    before(async () => {
      world = await openWorld({ mode: 'userspace', options: { clusterAddresses: true } });
      await world.filter.apply({ ...NETWORK, routes: [{ ...web, endpoints: [world.endpoints[0]] }] });
    });

    it('serves node ports to the host, on loopback and outside', async () => {
      const { agent, outside, address } = world.node;
      for (const ip of ['127.0.0.1', address]) assert.equal((await agent.call('dial', ip, web.nodePort)).pod, 'pod0');
      assert.equal((await outside.call('dial', address, web.nodePort)).pod, 'pod0');
    });

    it('refuses unused addresses of the range at once', async () => {
      for (const agent of [world.node.agent, world.node.pods[3]?.agent]) {
        assert.equal((await agent?.call('dial', '10.96.77.7', 80))?.error, 'ECONNREFUSED');
      }
    });

    it('carries 5 MB each way over a half-closed connection', async () => {
      const bytes = 5_000_000;
      const received = await world.node.agent.call('exchange', web.clusterIP, 80, 'x'.repeat(1000), bytes / 1000);
      assert.ok(received > bytes, `${received}`);
    });

    it('leaves open connections alone when endpoints change', async () => {
      const id = await world.node.agent.call('hold', web.clusterIP, 80);
      await world.filter.apply({ ...NETWORK, routes: [{ ...web, endpoints: [world.endpoints[1]] }] });
      assert.equal(await world.node.agent.call('echo', id, 'still there'), 'still there');
      await world.filter.apply({ ...NETWORK, routes: [{ ...web, endpoints: [world.endpoints[0]] }] });
    });

    it('passes over an endpoint that does not answer', async () => {
      const dead = { ip: world.endpoints[1].ip, port: 9 };
      await world.filter.apply({ ...NETWORK, routes: [{ ...web, endpoints: [dead, world.endpoints[0]] }] });
      assert.deepEqual(await world.node.agent.call('dialMany', web.clusterIP, 80, 40), { pod0: 40 });
    });

    it('leaves no route when it is removed', async () => {
      await world.filter.remove();
      assert.doesNotMatch(await world.node.netns.run('ip', ['route', 'show', 'table', 'all']), /10\.96\./);
    });
  });
});
