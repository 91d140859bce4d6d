/**
 * The service proxy beside a real Docker engine, whose firewall drops what it did not publish itself: pods are containers on a
 * network of Docker's, and Docker's own containers, networks and published ports must neither notice nor hinder.
 */
import assert from 'node:assert/strict';
import type { Dockerd } from './harness/dockerd.ts';
import { eventually } from './harness/eventually.ts';
import type { Netns } from './harness/netns.ts';
import { useTestBed } from './harness/test-bed.ts';
import { type Agent, startAgent } from './service-proxy/agent-client.ts';
import { testService, testSlice } from './service-proxy/objects.ts';
import { BRIDGE, NETWORK, NODE_PORTS } from './service-proxy/test-node.ts';

const UPPER = { ip: '10.96.0.20', port: 8010, nodePort: 30010 };
/** Of a documentation range (RFC 5737). */
const EXTERNAL = '198.51.100.7';
const PUBLISHED = 30500;
/** The service range, the external address, the node ports. */
const RULES = 3;

describe('service-proxy beside Docker', () => {
  const bed = useTestBed();
  let docker: Dockerd;
  let node: Netns;
  let outside: Netns;
  let address: string;
  let agent: Agent;

  const upperFrom = (from: Netns, ip: string, port: number) => from.exchange(ip, port, 'hello');
  const upperFromContainer = (network: string, ip: string, port: number) =>
    docker.cli(
      'run',
      '--rm',
      `--network=${network}`,
      'sampan/busybox:1',
      'sh',
      '-c',
      `echo hi | nc -w 3 ${ip} ${port}`,
    );

  before('an engine, a pod of two containers, a published port', async () => {
    const lan = await bed.lan();
    outside = lan.outside;
    node = await bed.netns();
    address = await lan.join(node);
    await outside.run('ip', ['route', 'add', `${EXTERNAL}/32`, 'via', address]);
    docker = await bed.dockerd(node, { bridge: true });
    const subnet = ['--subnet', '10.244.0.0/24', '--opt', `com.docker.network.bridge.name=${BRIDGE}`];
    await docker.cli('network', 'create', ...subnet, 'pods');
    await docker.cli('run', '-d', '--name=pause', '--network=pods', '--ip=10.244.0.20', 'sampan/pause:1');
    await docker.cli('run', '-d', '--name=upper', '--network=container:pause', 'upperstring');
    await docker.cli('run', '-d', '--name=plain', '-p', `${PUBLISHED}:8010`, 'upperstring');
    agent = await startAgent(node);
    await agent.call('createFilter', { mode: 'nftables', options: { bridge: BRIDGE, nodePorts: NODE_PORTS } });
    await agent.call(
      'setObjects',
      [testService('upper', UPPER.ip, { port: UPPER.port, nodePort: UPPER.nodePort }, { externalIPs: [EXTERNAL] })],
      [testSlice('upper', [{ ip: '10.244.0.20', port: 8010 }])],
    );
    await agent.call('startLoop', NETWORK);
    await eventually(async () => (await agent.call('installedRoutes'))?.routes.length === 1, {
      describe: 'the routes',
    });
  });

  it('carries a node port and an external address from outside through the dropping FORWARD chain', async () => {
    assert.match(await node.run('iptables', ['-S', 'FORWARD']), /-P FORWARD DROP/);
    assert.equal(await upperFrom(outside, address, UPPER.nodePort), 'HELLO\n');
    assert.equal(await upperFrom(outside, EXTERNAL, UPPER.port), 'HELLO\n');
  });

  it('carries cluster address and node port from the host', async () => {
    assert.equal(await upperFrom(node, UPPER.ip, UPPER.port), 'HELLO\n');
    assert.equal(await upperFrom(node, '127.0.0.1', UPPER.nodePort), 'HELLO\n');
  });

  it("carries the cluster address from a pod, from the endpoint's own pod and from a container on Docker's bridge", async () => {
    for (const network of ['pods', 'container:pause', 'bridge']) {
      assert.equal(await upperFromContainer(network, UPPER.ip, UPPER.port), 'HI\n', network);
    }
  });

  it("leaves Docker's published port alone", async () => {
    assert.equal(await upperFrom(outside, address, PUBLISHED), 'HELLO\n');
    assert.equal(await upperFrom(node, '127.0.0.1', PUBLISHED), 'HELLO\n');
  });

  for (const [what, args] of [
    ['its rules in DOCKER-USER were flushed', ['-F', 'DOCKER-USER']],
    ['one of them was deleted', ['-D', 'DOCKER-USER', '1']],
  ] as const) {
    it(`puts them back within a second when ${what}`, async () => {
      await node.run('iptables', args);
      await eventually(async () => (await ownRules()).length === RULES, { describe: 'the rules', timeoutMs: 1000 });
      assert.equal(await upperFrom(outside, address, UPPER.nodePort), 'HELLO\n');
    });
  }

  it('goes on when the engine is restarted', async () => {
    await docker.stop();
    await docker.start();
    await docker.cli('start', 'pause');
    await docker.cli('start', 'upper');
    await eventually(async () => (await upperFrom(outside, address, UPPER.nodePort)) === 'HELLO\n', {
      describe: 'an answer after the restart',
    });
    assert.equal((await ownRules()).length, RULES);
  });

  it('leaves nothing of its own, and all of Docker, when it is removed', async () => {
    await agent.call('removeFilter');
    assert.doesNotMatch(await node.run('iptables-save', []), /sampan:/);
    assert.doesNotMatch(await node.run('nft', ['list', 'tables']), /sampan/);
    await docker.cli('start', 'plain');
    await eventually(async () => (await upperFrom(outside, address, PUBLISHED)) === 'HELLO\n', {
      describe: "Docker's port",
    });
  });

  async function ownRules(): Promise<string[]> {
    const rules = await node.run('iptables', ['-S', 'DOCKER-USER']);
    return rules.split('\n').filter((rule) => rule.includes('sampan'));
  }
});
