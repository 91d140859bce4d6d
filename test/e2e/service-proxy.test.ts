/**
 * The service-proxy loop over real nftables, with real traffic: a node, pods on its bridge and a machine outside, each a network
 * namespace. Needs root and nftables, no Docker engine.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { eventually } from './harness/eventually.ts';
import { useTestBed } from './harness/test-bed.ts';
import { type Agent, startAgent } from './service-proxy/agent-client.ts';
import { testService, testSlice } from './service-proxy/objects.ts';
import { BRIDGE, createTestNode, NETWORK, NODE_PORTS, POD_PORT, type TestNode } from './service-proxy/test-node.ts';

const WEB = '10.96.0.10';
const SOLO = '10.96.0.11';
const EMPTY = '10.96.0.12';
const DNS = '10.96.0.13';
const AFAR = '10.96.0.14';
const UNUSED = '10.96.200.1';
const NODE_PORT = { web: 30080, solo: 30081, empty: 30082, dns: 30053, afar: 30084 };
/** Refusals are immediate: far below any retransmission (1 s). */
const AT_ONCE_MS = 500;

const services = [
  testService('web', WEB, { port: 80, nodePort: NODE_PORT.web }),
  testService('solo', SOLO, { port: 80, nodePort: NODE_PORT.solo }),
  testService('empty', EMPTY, { port: 80, nodePort: NODE_PORT.empty }),
  testService('dns', DNS, { port: 53, nodePort: NODE_PORT.dns, protocol: 'UDP' }),
  testService('afar', AFAR, { port: 80, nodePort: NODE_PORT.afar }),
];

describe('service-proxy over nftables', () => {
  const bed = useTestBed(['ip', 'nsenter', 'nft']);
  let node: TestNode;
  let host: Agent;
  let outside: Agent;

  const podAddress = (index: number) => ({ ip: node.pods[index]?.ip ?? '', port: POD_PORT });
  const pod = (index: number): Agent => node.pods[index]?.agent as Agent;
  const declare = (changes: Record<string, number[]> = {}, agent = host) => {
    const members: Record<string, number[]> = { web: [0, 1], solo: [0], empty: [], dns: [0], ...changes };
    const endpoints = Object.entries(members).map(([name, indexes]) =>
      testSlice(name, indexes.map(podAddress), name === 'dns' ? 'UDP' : 'TCP'),
    );
    const afar = testSlice('afar', [{ ip: '192.0.2.1', port: POD_PORT }]);
    return agent.call('setObjects', services, [...endpoints, afar]);
  };
  const answers = async (agent: Agent, ip: string, port: number, expected: string) => {
    await eventually(async () => (await agent.call('dial', ip, port)).pod === expected, {
      describe: `${expected} to answer at ${ip}:${port}`,
    });
  };
  const startLoop = async (agent: Agent) => {
    await declare({}, agent);
    await agent.call('createFilter', { mode: 'nftables', options: { bridge: BRIDGE, nodePorts: NODE_PORTS } });
    await agent.call('startLoop', NETWORK);
    await answers(agent, SOLO, 80, 'pod0');
  };

  before('a node with three pods', async () => {
    node = await createTestNode(bed, 3);
    host = node.agent;
    outside = node.outside;
    await outside.call('serve', 'outside', POD_PORT);
    await startLoop(host);
  });
  afterEach('back to the first endpoints', async () => {
    await declare();
    await answers(host, SOLO, 80, 'pod0');
    await eventually(async () => (await host.call('installedRoutes'))?.routes.length === services.length, {
      describe: 'the routes to be installed',
    });
  });

  describe('reaches a Service', () => {
    it('at its cluster address from a pod, which the endpoint sees as the client', async () => {
      const { pod: by, seenAs } = await pod(2).call('dial', SOLO, 80);
      assert.deepEqual({ by, seenAs }, { by: 'pod0', seenAs: node.pods[2]?.ip });
    });

    it('at its cluster address from the host', async () => {
      assert.equal((await host.call('dial', SOLO, 80)).pod, 'pod0');
    });

    it('at its cluster address from the host without a default route', async () => {
      await node.netns.run('ip', ['route', 'del', 'default']);
      const { pod: by } = await host.call('dial', SOLO, 80);
      await node.netns.run('ip', ['route', 'add', 'default', 'via', '192.0.2.1']);
      assert.equal(by, 'pod0');
    });

    it('at its node port from outside, and the endpoint sees the client itself', async () => {
      const { pod: by, seenAs } = await outside.call('dial', node.address, NODE_PORT.solo);
      assert.deepEqual({ by, seenAs }, { by: 'pod0', seenAs: '192.0.2.1' });
    });

    it("at its node port from the host: the machine's address, the bridge's, loopback", async () => {
      for (const ip of [node.address, '10.244.0.1', '127.0.0.1', '127.1.2.3']) {
        assert.equal((await host.call('dial', ip, NODE_PORT.solo)).pod, 'pod0', ip);
      }
    });

    it('at its node port from a pod', async () => {
      assert.equal((await pod(2).call('dial', node.address, NODE_PORT.solo)).pod, 'pod0');
    });

    it('from the pod that is its only endpoint (hairpin), by both addresses', async () => {
      assert.equal((await pod(0).call('dial', SOLO, 80)).pod, 'pod0');
      assert.equal((await pod(0).call('dial', node.address, NODE_PORT.solo)).pod, 'pod0');
    });

    it('over UDP from a pod, the host, loopback and outside', async () => {
      assert.equal((await pod(2).call('dialUdp', DNS, 53)).pod, 'pod0');
      assert.equal((await host.call('dialUdp', DNS, 53)).pod, 'pod0');
      assert.equal((await host.call('dialUdp', '127.0.0.1', NODE_PORT.dns)).pod, 'pod0');
      assert.equal((await outside.call('dialUdp', node.address, NODE_PORT.dns)).pod, 'pod0');
    });

    it('whose endpoint is on another machine, by both addresses', async () => {
      assert.equal((await host.call('dial', AFAR, 80)).pod, 'outside');
      assert.equal((await pod(0).call('dial', AFAR, 80)).pod, 'outside');
      assert.deepEqual((await outside.call('dial', node.address, NODE_PORT.afar)).seenAs, node.address);
    });

    it('with 1 MB each way over a half-closed connection', async () => {
      const bytes = 1_000_000;
      assert.ok((await pod(2).call('exchange', SOLO, 80, 'x'.repeat(1000), bytes / 1000)) > bytes);
    });
  });

  it('spreads new connections over the endpoints', async () => {
    // 200 ± 100 of 400 is ten standard deviations.
    const counts = await host.call('dialMany', WEB, 80, 400);
    assert.ok((counts.pod0 ?? 0) > 100 && (counts.pod1 ?? 0) > 100, JSON.stringify(counts));
    assert.equal((counts.pod0 ?? 0) + (counts.pod1 ?? 0), 400);
  });

  describe('refuses at once', () => {
    const cases: [string, string, number][] = [
      ['a Service without endpoints', EMPTY, 80],
      ['a port the Service does not have', WEB, 81],
      ['an unused address of the range', UNUSED, 80],
    ];
    for (const [what, ip, port] of cases) {
      it(`${what}, from a pod and from the host`, async () => {
        for (const agent of [pod(2), host]) {
          const { error, tookMs } = await agent.call('dial', ip, port);
          assert.equal(error, 'ECONNREFUSED');
          assert.ok(tookMs < AT_ONCE_MS, `${tookMs} ms`);
          assert.equal((await agent.call('dialUdp', ip, port)).error, 'ECONNREFUSED');
        }
      });
    }

    it('a node port without endpoints, from outside, the host and a pod', async () => {
      for (const agent of [outside, host, pod(2)]) {
        const { error, tookMs } = await agent.call('dial', node.address, NODE_PORT.empty);
        assert.equal(error, 'ECONNREFUSED');
        assert.ok(tookMs < AT_ONCE_MS, `${tookMs} ms`);
      }
    });

    it("a node port without endpoints even where the host's own firewall would drop it silently", async () => {
      const input = 'add chain ip strict input { type filter hook input priority 0; }\n';
      const drop = 'add rule ip strict input tcp dport 30000-32767 drop\n';
      await node.netns.run('nft', ['-f', '-'], { input: `add table ip strict\n${input}${drop}` });
      const { error } = await outside.call('dial', node.address, NODE_PORT.empty);
      await node.netns.run('nft', ['delete', 'table', 'ip', 'strict']);
      assert.equal(error, 'ECONNREFUSED');
    });
  });

  it('lets nothing from the network reach what listens on loopback (CVE-2020-8558)', async () => {
    await host.call('serve', 'private', 7000);
    await node.pods[2]?.netns.run('ip', ['route', 'add', '127.0.0.9/32', 'via', '10.244.0.1', 'table', '77']);
    await node.pods[2]?.netns.run('ip', ['rule', 'add', 'to', '127.0.0.9', 'lookup', '77', 'pref', '0']);
    await node.pods[2]?.netns.run('sh', ['-c', 'ip rule del pref 0 lookup local; ip rule add pref 9 lookup local']);
    await node.pods[2]?.netns.run('sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet']);
    assert.equal((await host.call('dial', '127.0.0.9', 7000)).pod, 'private');
    const spy = 'add chain ip spy spy { type filter hook prerouting priority -310; }\n';
    const count = 'add rule ip spy spy ip daddr 127.0.0.0/8 iif != lo counter\n';
    await node.netns.run('nft', ['-f', '-'], { input: `add table ip spy\n${spy}${count}` });
    const before = await loopbackPacketsSeen();
    assert.equal((await pod(2).call('dial', '127.0.0.9', 7000)).pod, undefined);
    assert.ok((await loopbackPacketsSeen()) > before, 'the packet must have come as far as the node');
  });

  /** Packets that came to the node for loopback addresses, counted before the filter sees them. */
  async function loopbackPacketsSeen(): Promise<number> {
    const list = await node.netns.run('nft', ['list', 'chain', 'ip', 'spy', 'spy']);
    return Number(/packets (\d+)/.exec(list)?.[1]);
  }

  describe('changes', () => {
    it('the endpoints without a failed or refused request, and leaves open connections alone', async () => {
      await answers(host, WEB, 80, 'pod1');
      const open = await pod(2).call('hold', SOLO, 80);
      await pod(2).call('startLoad', WEB, 80);
      const rounds = [[0], [0, 1], [1, 2], [2], [0, 1, 2], [1]];
      for (const members of [...rounds, ...rounds, ...rounds]) {
        await declare({ web: members });
        await answers(host, WEB, 80, `pod${members[0]}`);
      }
      const { requests, failures } = await pod(2).call('stopLoad');
      assert.deepEqual(failures, []);
      assert.ok(requests > 100, `${requests} requests`);
      assert.equal(await pod(2).call('echo', open, 'still there'), 'still there');
    });

    it('to no endpoints and back', async () => {
      await declare({ solo: [] });
      await eventually(async () => (await host.call('dial', SOLO, 80)).error === 'ECONNREFUSED', {
        describe: 'the refusal',
      });
      await declare({ solo: [2] });
      await answers(host, SOLO, 80, 'pod2');
      await answers(outside, node.address, NODE_PORT.solo, 'pod2');
    });

    it('also for a UDP client that keeps its port', async function () {
      if (!(await node.netns.run('sh', ['-c', 'command -v conntrack || true']))) this.skip();
      assert.equal((await pod(2).call('dialUdp', DNS, 53, 5353)).pod, 'pod0');
      assert.equal((await outside.call('dialUdp', node.address, NODE_PORT.dns, 5353)).pod, 'pod0');
      await declare({ dns: [1] });
      await eventually(async () => (await pod(2).call('dialUdp', DNS, 53, 5353)).pod === 'pod1', {
        describe: 'the other endpoint to answer',
      });
      await eventually(async () => (await outside.call('dialUdp', node.address, NODE_PORT.dns, 5353)).pod === 'pod1', {
        describe: 'the other endpoint to answer outside',
      });
    });
  });

  describe('puts back within a second', () => {
    const damages: [string, string[]][] = [
      ['a flushed ruleset', ['nft', 'flush', 'ruleset']],
      ['a deleted table', ['nft', 'delete', 'table', 'ip', 'sampan']],
      ['an emptied chain', ['nft', 'flush', 'chain', 'ip', 'sampan', 'services']],
      ['an emptied map', ['nft', 'flush', 'map', 'ip', 'sampan', 'address-slot-0']],
    ];
    for (const [what, [command = '', ...args]] of damages) {
      it(what, async () => {
        await node.netns.run(command, args);
        const start = performance.now();
        await answers(outside, node.address, NODE_PORT.solo, 'pod0');
        await answers(pod(2), SOLO, 80, 'pod0');
        assert.ok(performance.now() - start < 1000, `${performance.now() - start} ms`);
      });
    }
  });

  it('takes over from a killed process without a failed request', async () => {
    await pod(2).call('startLoad', WEB, 80);
    await host.kill();
    host = await startAgent(node.netns);
    await startLoop(host);
    const { requests, failures } = await pod(2).call('stopLoad');
    assert.deepEqual(failures, []);
    assert.ok(requests > 100, `${requests} requests`);
  });

  it('takes nft monitor along when it is killed, without a change of rules', async () => {
    const monitors = async () => {
      const pids = (await node.netns.run('ip', ['netns', 'pids', node.netns.name])).trim().split('\n');
      const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
      return commands.filter((command) => command === 'nft\0monitor\0').length;
    };
    await eventually(async () => (await monitors()) === 1, { describe: 'nft monitor to run' });
    await host.kill();
    await eventually(async () => (await monitors()) === 0, { describe: 'nft monitor to end' });
    host = await startAgent(node.netns);
    await startLoop(host);
  });

  it('leaves no rule and no route when it is removed', async () => {
    await host.call('removeFilter');
    assert.doesNotMatch(await node.netns.run('nft', ['list', 'ruleset']), /sampan/);
    assert.doesNotMatch(await node.netns.run('ip', ['route', 'show', 'table', 'all']), /10\.96\./);
    await host.kill();
    host = await startAgent(node.netns);
    await startLoop(host);
  });
});
