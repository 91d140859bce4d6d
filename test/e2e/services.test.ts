/**
 * What Services promise beside reaching an endpoint, over real nftables with real traffic: who is led where (policies, affinity,
 * external addresses, balancers), and what becomes of endpoints that are about to go. Needs root and nftables, no Docker engine.
 */
import assert from 'node:assert/strict';
import type { EndpointSlice } from '../../reconcilers/objects/kinds/endpoint-slice.ts';
import type { Service, ServicePort, ServiceSpec } from '../../reconcilers/objects/service.ts';
import { eventually } from './harness/eventually.ts';
import { useTestBed } from './harness/test-bed.ts';
import { type Agent, startAgent } from './service-proxy/agent-client.ts';
import { type TestAddress, testService, testSlice } from './service-proxy/objects.ts';
import { BRIDGE, createTestNode, NETWORK, NODE_PORTS, POD_PORT, type TestNode } from './service-proxy/test-node.ts';

const WEB = '10.96.0.10';
const DNS = '10.96.0.13';
/** Of a documentation range (RFC 5737); the machine outside has a route to it. */
const EXTERNAL = '198.51.100.7';
const NODE_PORT = 30080;
const LEAVING = { ready: false, serving: true, terminating: true };

type Objects = [Service[], EndpointSlice[]];

describe('services over nftables', () => {
  const bed = useTestBed(['ip', 'nsenter', 'nft']);
  let node: TestNode;
  let host: Agent;
  let outside: Agent;
  let others: Objects = [[], []];
  let objects: Objects = [[], []];

  const at = (index: number, more: Partial<TestAddress> = {}): TestAddress => ({
    ip: node.pods[index]?.ip ?? '',
    port: POD_PORT,
    ...more,
  });
  /** The machine outside serves too: an endpoint on another node. */
  const afar = (): TestAddress => ({ ip: '192.0.2.1', port: POD_PORT, isElsewhere: true });
  const pod = (index: number): Agent => node.pods[index]?.agent as Agent;

  /** The Service `web` as it is from now on; each change has a marker that says when it is in force. */
  let marker = 0;
  const declare = async (
    endpoints: readonly TestAddress[],
    spec: Partial<ServiceSpec> = {},
    more: { readonly port?: Partial<ServicePort>; readonly status?: Service['status'] } = {},
  ) => {
    marker = 1 - marker;
    const port = { port: 80, nodePort: NODE_PORT, ...more.port };
    const web = { ...testService('web', WEB, port, spec), ...(more.status && { status: more.status }) };
    const done = testService('done', '10.96.0.99', { port: 80 });
    const [services, slices] = others;
    objects = [
      [web, done, ...services],
      [testSlice('web', endpoints), testSlice('done', [at(marker)]), ...slices],
    ];
    await host.call('setObjects', ...objects);
    await eventually(async () => (await host.call('dial', '10.96.0.99', 80)).pod === `pod${marker}`, {
      describe: 'the change to be in force',
    });
    await eventually(async () => (await host.call('installedRoutes')) !== null, { describe: 'what follows from it' });
  };
  const answersOf = async (agent: Agent, ip: string, port: number): Promise<string[]> =>
    Object.keys(await agent.call('dialMany', ip, port, 40)).sort();
  /** As a daemon does: it knows all objects before it looks at the rules. */
  const startLoop = async () => {
    await host.call('setObjects', ...objects);
    await host.call('createFilter', { mode: 'nftables', options: { bridge: BRIDGE, nodePorts: NODE_PORTS } });
    await host.call('startLoop', NETWORK);
  };

  before('a node with three pods', async () => {
    node = await createTestNode(bed, 3);
    host = node.agent;
    outside = node.outside;
    await outside.call('serve', 'outside', POD_PORT);
    await node.outsideNetns.run('ip', ['route', 'add', `${EXTERNAL}/32`, 'via', node.address]);
    await startLoop();
  });

  describe('with sessionAffinity', () => {
    const ways: [string, () => [Agent, string, number]][] = [
      ['cluster IP', () => [pod(2), WEB, 80]],
      ['node port', () => [outside, node.address, NODE_PORT]],
    ];
    for (const [way, call] of ways) {
      it(`ClientIP keeps a client with one endpoint at the ${way}, and with several again when it is taken away`, async () => {
        await declare([at(0), at(1), at(2)]);
        assert.equal((await answersOf(...call())).length, 3);
        await declare([at(0), at(1), at(2)], { sessionAffinity: 'ClientIP' });
        assert.equal((await answersOf(...call())).length, 1);
        await declare([at(0), at(1), at(2)]);
        assert.equal((await answersOf(...call())).length, 3);
      });
    }

    it('ClientIP outlives the daemon, and forgets an endpoint that is gone', async () => {
      await declare([at(0), at(1), at(2)], { sessionAffinity: 'ClientIP' });
      const had = await answersOf(pod(2), WEB, 80);
      const hadOutside = await answersOf(outside, node.address, NODE_PORT);
      await host.kill();
      host = await startAgent(node.netns);
      await startLoop();
      await eventually(async () => (await host.call('installedRoutes')) !== null, { describe: 'the rules' });
      assert.deepEqual(await answersOf(pod(2), WEB, 80), had);
      assert.deepEqual(await answersOf(outside, node.address, NODE_PORT), hadOutside);
      const rest = [0, 1, 2].filter((index) => !had.includes(`pod${index}`));
      await declare(
        rest.map((index) => at(index)),
        { sessionAffinity: 'ClientIP' },
      );
      const [next, ...more] = await answersOf(pod(2), WEB, 80);
      assert.deepEqual([more, rest.map((index) => `pod${index}`).includes(next ?? '')], [[], true]);
    });

    it('ClientIP lets go of a client that is silent for so long', async () => {
      const spec = { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 1 } } } as const;
      await declare([at(0), at(1), at(2)], spec);
      assert.equal((await answersOf(pod(2), WEB, 80)).length, 1);
      const isRemembered = async () => {
        const clients = await node.netns.run('nft', ['list', 'map', 'ip', 'sampan', 'clients']);
        return clients.includes(`${node.pods[2]?.ip} . ${WEB} . tcp . 80`);
      };
      assert.ok(await isRemembered());
      await eventually(async () => !(await isRemembered()), { describe: 'the client to be forgotten' });
    });
  });

  describe('under the policy Local', () => {
    it('leads callers from outside to this node alone, who are seen as they are, and others to all', async () => {
      await declare([at(0), afar()], { type: 'NodePort', externalTrafficPolicy: 'Local' });
      assert.deepEqual(await answersOf(outside, node.address, NODE_PORT), ['pod0']);
      assert.equal((await outside.call('dial', node.address, NODE_PORT)).seenAs, '192.0.2.1');
      assert.deepEqual(await answersOf(pod(1), node.address, NODE_PORT), ['outside', 'pod0']);
      assert.deepEqual(await answersOf(host, node.address, NODE_PORT), ['outside', 'pod0']);
      assert.deepEqual(await answersOf(pod(1), WEB, 80), ['outside', 'pod0']);
    });

    it('answers nothing where this node has no endpoint, but serves its own', async () => {
      await declare([afar()], { type: 'NodePort', externalTrafficPolicy: 'Local' });
      assert.equal((await outside.call('dial', node.address, NODE_PORT)).error, 'timeout');
      assert.equal((await pod(1).call('dial', node.address, NODE_PORT)).pod, 'outside');
    });

    it('leads callers of the cluster IP to this node alone', async () => {
      await declare([at(0), afar()], { internalTrafficPolicy: 'Local' });
      for (const agent of [pod(1), host]) assert.deepEqual(await answersOf(agent, WEB, 80), ['pod0']);
    });

    it('tells balancers whether there is an endpoint here', async () => {
      const spec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 32_000 } as const;
      const status = () => node.outsideNetns.run('curl', ['-s', `http://${node.address}:32000/healthz`]);
      await declare([at(0), at(1), afar()], spec);
      await eventually(async () => JSON.parse(await status()).localEndpoints === 2, { describe: 'two endpoints' });
      await declare([afar()], spec);
      await eventually(async () => JSON.parse(await status()).localEndpoints === 0, { describe: 'no endpoint' });
    });
  });

  describe('at further addresses', () => {
    it('answers callers from outside, from pods and from the host, and refuses without endpoints', async () => {
      await declare([at(0)], { externalIPs: [EXTERNAL] });
      for (const agent of [outside, pod(1), pod(0), host]) {
        assert.equal((await agent.call('dial', EXTERNAL, 80)).pod, 'pod0');
      }
      assert.equal((await outside.call('dial', EXTERNAL, 80)).seenAs, '192.0.2.1');
      await declare([], { externalIPs: [EXTERNAL] });
      assert.equal((await outside.call('dial', EXTERNAL, 80)).error, 'ECONNREFUSED');
    });

    it('of a balancer answers whom its Service lets come', async () => {
      const status = { loadBalancer: { ingress: [{ ip: EXTERNAL, ipMode: 'VIP' as const }] } };
      const balanced = (...loadBalancerSourceRanges: string[]) =>
        declare([at(0)], { type: 'LoadBalancer', loadBalancerSourceRanges }, { status });
      await balanced('192.0.2.0/24', '192.0.2.1/32');
      assert.equal((await outside.call('dial', EXTERNAL, 80)).pod, 'pod0');
      await balanced('203.0.113.0/24');
      assert.equal((await outside.call('dial', EXTERNAL, 80)).error, 'timeout');
      assert.equal((await outside.call('dial', node.address, NODE_PORT)).pod, 'pod0', 'by node port anyone may come');
    });
  });

  it('asks an endpoint that is about to go as long as it serves and no other is ready', async () => {
    await declare([at(0, { conditions: LEAVING }), at(1)]);
    assert.deepEqual(await answersOf(pod(2), WEB, 80), ['pod1']);
    await declare([at(0, { conditions: LEAVING })]);
    assert.deepEqual(await answersOf(pod(2), WEB, 80), ['pod0']);
    await declare([at(0, { conditions: { ...LEAVING, serving: false } })]);
    assert.equal((await pod(2).call('dial', WEB, 80)).error, 'ECONNREFUSED');
  });

  it('is not served as an external name, and again when it has addresses', async () => {
    await declare(
      [at(0)],
      { type: 'ExternalName', externalName: 'example.com', clusterIP: '' },
      { port: { nodePort: 0 } },
    );
    assert.equal((await pod(2).call('dial', WEB, 80)).error, 'ECONNREFUSED');
    assert.equal((await outside.call('dial', node.address, NODE_PORT)).error, 'ECONNREFUSED');
    await declare([at(0)], { type: 'ClusterIP' }, { port: { nodePort: 0 } });
    assert.equal((await pod(2).call('dial', WEB, 80)).pod, 'pod0');
    await declare([at(0)]);
    assert.equal((await outside.call('dial', node.address, NODE_PORT)).pod, 'pod0');
  });

  it('serves TCP and UDP at one port, and goes on with one when the other is dropped', async () => {
    const ports = (...protocols: ('TCP' | 'UDP')[]): ServiceSpec['ports'] =>
      protocols.map((protocol) => ({ name: protocol.toLowerCase(), protocol, port: 53, targetPort: POD_PORT }));
    const both = { ...testSlice('dns', [at(0)]) };
    const named = ['tcp', 'udp'].map((name) => ({
      name,
      port: POD_PORT,
      protocol: name.toUpperCase() as 'TCP' | 'UDP',
    }));
    others = [[testService('dns', DNS, { port: 53 }, { ports: ports('TCP', 'UDP') })], [{ ...both, ports: named }]];
    await declare([at(0)]);
    assert.equal((await pod(2).call('dial', DNS, 53)).pod, 'pod0');
    assert.equal((await pod(2).call('dialUdp', DNS, 53)).pod, 'pod0');
    others = [[testService('dns', DNS, { port: 53 }, { ports: ports('UDP') })], [{ ...both, ports: named }]];
    await declare([at(0)]);
    assert.equal((await pod(2).call('dial', DNS, 53)).error, 'ECONNREFUSED');
    assert.equal((await pod(2).call('dialUdp', DNS, 53)).pod, 'pod0');
    others = [[], []];
  });

  it('takes over UDP clients that called its node port before it was there', async function () {
    if (!(await node.netns.run('sh', ['-c', 'command -v conntrack || true']))) this.skip();
    const port = { nodePort: 30_053, protocol: 'UDP' } as const;
    const call = () => outside.call('dialUdp', node.address, port.nodePort, 5454);
    assert.equal((await call()).error, 'ECONNREFUSED');
    others = [[testService('late', DNS, { port: 53, ...port })], [testSlice('late', [at(0)], 'UDP')]];
    await declare([at(0)]);
    assert.equal((await call()).pod, 'pod0');
    others = [[], []];
  });
});
