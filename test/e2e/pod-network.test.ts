/**
 * Pods of three machines that reach each other: two on one segment by plain routes, then all three, the third behind a router, through a
 * tunnel. Real Docker with its firewall, and a daemon on each machine over one etcd; every node has docker0 with the same addresses.
 */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describePodRoutes } from '../contracts/pod-routes.contract.ts';
import type { Dockerd } from './harness/dockerd.ts';
import { eventually } from './harness/eventually.ts';
import { runningContainers } from './harness/kube-containers.ts';
import type { Lan, Netns } from './harness/netns.ts';
import { run } from './harness/run.ts';
import type { Sampan } from './harness/sampan.ts';
import { useTestBed } from './harness/test-bed.ts';
import { type Agent, startAgent } from './service-proxy/agent-client.ts';
import { remoteRoutes } from './service-proxy/remote-routes.ts';

const CLUSTER_DNS = '10.96.0.10';
const PORT = 8000;
/** Every node's, and that with endpoints on the second alone. */
const NODE_PORTS = { second: 30080, secondLocal: 30081 };
/** The host's own resolver is nobody's business here. */
const RESOLV_CONF = '/dev/null';
/** What is to be mended within a second; and what a busy machine of tests needs beside. */
const MENDED_MS = 3_000;

interface TestMachine {
  readonly name: string;
  readonly netns: Netns;
  readonly address: string;
  readonly agent: Agent;
  readonly dockerd: Dockerd;
  sampan?: Sampan;
  pod?: { readonly ip: string; readonly agent: Agent; readonly netns: string };
}

describe('routes between nodes in the kernel', () => {
  const bed = useTestBed(['ip', 'bridge', 'nsenter', 'nft']);
  let agent: Agent | undefined;
  after('let go of the agent', () => agent?.kill());

  describePodRoutes('the kernel', async () => {
    const netns = await bed.netns();
    await (await bed.lan()).join(netns);
    await netns.run('ip', ['link', 'add', 'sampan0', 'type', 'bridge']);
    await netns.run('ip', ['address', 'add', '10.244.0.1/24', 'dev', 'sampan0']);
    await netns.run('ip', ['link', 'set', 'sampan0', 'up']);
    agent = await startAgent(netns);
    return {
      routes: remoteRoutes(agent),
      near: ['192.0.2.7', '192.0.2.8'],
      far: '198.51.100.3',
      damage: async (podCidr) => void (await netns.attempt('ip', ['route', 'del', podCidr, 'proto', '140'])),
      take: async (block) => void (await netns.run('ip', ['route', 'add', block, 'via', '192.0.2.1'])),
    };
  });
});

describe('the pod network', () => {
  const bed = useTestBed(['ip', 'bridge', 'nsenter', 'dockerd', 'containerd', 'docker', 'busybox', 'nft']);
  let segment: Lan;
  let outside: Agent;
  let endpoint: string;
  let folder: string;
  let machines: TestMachine[];
  const agents: Agent[] = [];

  const agentIn = async (netns: Netns) => {
    const agent = await startAgent(netns);
    agents.push(agent);
    return agent;
  };
  const machine = (number: number): TestMachine => {
    const found = machines[number - 1];
    assert.ok(found);
    return found;
  };
  const podOf = (number: number) => {
    const { pod } = machine(number);
    assert.ok(pod, `the pod of machine ${number} runs`);
    return pod;
  };
  const apiOf = (number: number) => {
    const { sampan } = machine(number);
    assert.ok(sampan);
    return sampan.api;
  };
  const routesOf = (number: number) => machine(number).netns.run('ip', ['route', 'show', 'proto', '140']);

  before('three machines, two of them on one segment, and etcd between', async () => {
    segment = await bed.lan();
    const behind = await bed.lan(segment);
    outside = await agentIn(segment.outside);
    folder = await bed.dir();
    const etcd = bed.etcd({ netns: segment.outside, address: '192.0.2.1' });
    const make = async (lan: Lan, name: string): Promise<TestMachine> => {
      const netns = await bed.netns();
      const address = await lan.join(netns);
      const dockerd = await bed.dockerd(netns, { bridge: true });
      return { name, netns, address, dockerd, agent: await agentIn(netns) };
    };
    const first = make(segment, 'n1');
    machines = [await first, ...(await Promise.all([make(segment, 'n2'), make(behind, 'n3')]))];
    endpoint = (await etcd).endpoint;
  });

  const start = async (node: TestMachine, mode: string) => {
    const args = [
      `--etcd-servers=${endpoint}`,
      `--node-name=${node.name}`,
      `--pod-network=${mode}`,
      `--resolv-conf=${RESOLV_CONF}`,
      '--node-monitor-grace-period=5s',
    ];
    node.sampan = await bed.sampan(node.dockerd, { sources: [folder], args });
  };
  after('let go of the agents', () => Promise.all(agents.map((agent) => agent.kill())));

  /** A pod on each of these machines, with a server in its network. */
  const declare = async (names: readonly string[]) => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'all.yaml'), manifestsFor(names));
  };
  const untilPods = async (numbers: readonly number[]) => {
    for (const number of numbers) {
      const node = machine(number);
      const name = `on-${node.name}`;
      const { ip, id } = await eventually(
        async () => {
          const app = (await runningContainers(node.dockerd)).find(({ container }) => container === 'app');
          const { status } = await apiOf(1).get(`/api/v1/namespaces/default/pods/${name}`);
          const isTold = app !== undefined && status.containerStatuses?.[0]?.containerID === `docker://${app.id}`;
          return isTold && { ip: String(status.podIP), id: app.id };
        },
        { describe: `${name} to run`, timeoutMs: 30_000, everyMs: 100 },
      );
      const pid = (await node.dockerd.cli('inspect', '--format', '{{.State.Pid}}', id)).trim();
      const netns = `/proc/${pid}/ns/net`;
      const agent = await agentIn({ ...node.netns, path: netns });
      await agent.call('serve', name, PORT);
      node.pod = { ip, agent, netns };
    }
  };
  const assertReached = async (from: number, to: number) => {
    const [client, server] = [podOf(from), podOf(to)];
    for (const call of ['dial', 'dialUdp'] as const) {
      const { pod, seenAs } = await eventually(
        async () => {
          const result = await client.agent.call(call, server.ip, PORT);
          return result.error === undefined && result;
        },
        { describe: `${call} from the pod of n${from} to that of n${to}` },
      );
      assert.deepEqual({ pod, seenAs }, { pod: `on-n${to}`, seenAs: client.ip });
    }
  };
  const assertAllReached = async (numbers: readonly number[]) => {
    for (const from of numbers) for (const to of numbers) if (from !== to) await assertReached(from, to);
  };

  describe('by plain routes on one segment', () => {
    before('two daemons', async () => {
      await declare(['n1', 'n2']);
      for (const node of machines.slice(0, 2)) await start(node, 'host-gw');
      await untilPods([1, 2]);
    });

    it('gives each node addresses of its own, though all have the same docker0, and the usual size of packets', async () => {
      const nodes = await apiOf(2).list('/api/v1/nodes');
      assert.deepEqual(nodes.map(({ spec }) => spec.podCIDR).sort(), ['10.244.0.0/24', '10.244.1.0/24']);
      const link = await run('nsenter', [`--net=${podOf(1).netns}`, 'ip', 'link', 'show', 'eth0']);
      assert.match(link, /mtu 1500/);
    });

    it('lets pods reach each other as they are, and nodes all pods', async () => {
      await assertAllReached([1, 2]);
      const { pod, seenAs } = await machine(1).agent.call('dial', podOf(2).ip, PORT);
      const [network = ''] = podOf(1).ip.split(/\.\d+$/);
      assert.deepEqual({ pod, seenAs }, { pod: 'on-n2', seenAs: `${network}.1` });
    });

    it('hides pods from the outside, and the outside from pods behind their node', async () => {
      const route = [`${podOf(2).ip}/32`, 'via', machine(2).address];
      await segment.outside.run('ip', ['route', 'add', ...route]);
      try {
        assert.equal((await outside.call('dial', podOf(2).ip, PORT)).error, 'timeout');
      } finally {
        await segment.outside.run('ip', ['route', 'del', ...route]);
      }
      await outside.call('serve', 'outside', PORT);
      const { pod, seenAs } = await podOf(2).agent.call('dial', '192.0.2.1', PORT);
      assert.deepEqual({ pod, seenAs }, { pod: 'outside', seenAs: machine(2).address });
    });

    it('mends routes and rules that somebody takes away', async () => {
      const before = await routesOf(1);
      assert.match(before, /10\.244\.\d\.0\/24 via 192\.0\.2\.\d dev eth0 src 10\.244\.\d\.1/);
      await machine(1).netns.run('ip', ['route', 'flush', 'proto', '140']);
      await eventually(async () => (await routesOf(1)) === before, { describe: 'the route', timeoutMs: MENDED_MS });
      await machine(1).netns.run('nft', ['delete', 'table', 'ip', 'sampan-pods']);
      await machine(1).netns.run('iptables', ['-F', 'DOCKER-USER']);
      await machine(1).netns.run('ip', ['link', 'set', 'eth0', 'down']);
      await machine(1).netns.run('ip', ['link', 'set', 'eth0', 'up']);
      await machine(1).netns.run('ip', ['route', 'replace', 'default', 'via', '192.0.2.1']);
      await eventually(async () => (await routesOf(1)) === before, { describe: 'the route', timeoutMs: MENDED_MS });
      await assertAllReached([1, 2]);
    });

    it('takes all of it away again', async () => {
      for (const node of machines.slice(0, 2)) {
        await node.pod?.agent.kill();
        await node.sampan?.stop();
        assert.match((await node.sampan?.cli('cleanup')) ?? '', /removed \d+ containers/);
        delete node.sampan;
        assert.equal(await node.netns.run('ip', ['route', 'show', 'proto', '140']), '');
        const rules = await node.netns.run('nft', ['list', 'ruleset']);
        assert.doesNotMatch(rules, /sampan/);
        assert.doesNotMatch(await node.netns.run('ip', ['link']), /^\d+: sampan/m);
      }
    });
  });

  describe('through a tunnel', () => {
    before('three daemons', async () => {
      await declare(['n1', 'n2', 'n3']);
      for (const node of machines) await start(node, 'vxlan');
      await untilPods([1, 2, 3]);
    });

    it('lets pods reach each other as they are, over a router too', async () => {
      await assertAllReached([1, 2, 3]);
    });

    it('tells pods how large a packet gets through, and takes larger ones', async () => {
      const [near, far] = [podOf(1), podOf(3)];
      assert.match(await run('nsenter', [`--net=${near.netns}`, 'ip', 'link', 'show', 'eth0']), /mtu 1450/);
      for (const bytes of [1_422, 1_423, 8_000]) {
        assert.equal((await near.agent.call('dialUdp', far.ip, PORT, undefined, bytes)).pod, 'on-n3', `${bytes} bytes`);
      }
      const sent = 5_000_000;
      const received = await near.agent.call('exchange', far.ip, PORT, 'x'.repeat(1_000), sent / 1_000);
      assert.ok(received > sent, `${received}`);
    });

    it('leads to a Service from every pod and every node', async () => {
      const { spec } = await apiOf(1).get('/api/v1/namespaces/default/services/second');
      for (const { name, agent, pod } of machines) {
        // Endpoints come a moment after their pod runs.
        await eventually(async () => (await agent.call('dial', spec.clusterIP, 80)).pod === 'on-n2', {
          describe: `the Service to answer on ${name}`,
        });
        assert.equal((await pod?.agent.call('dial', spec.clusterIP, 80))?.pod, 'on-n2', `from the pod of ${name}`);
      }
    });

    it('leads to a node port from every node, and shows the client where the Service asks for it', async () => {
      for (const { name, address, agent } of machines) {
        assert.equal((await outside.call('dial', address, NODE_PORTS.second)).pod, 'on-n2', `by ${name}`);
        assert.equal((await agent.call('dial', '127.0.0.1', NODE_PORTS.second)).pod, 'on-n2', `on ${name} itself`);
      }
      const { pod, seenAs } = await outside.call('dial', machine(2).address, NODE_PORTS.secondLocal);
      assert.deepEqual({ pod, seenAs }, { pod: 'on-n2', seenAs: '192.0.2.1' });
      assert.equal((await outside.call('dial', machine(1).address, NODE_PORTS.secondLocal)).error, 'timeout');
    });

    it('answers questions for names on every node, by the resolver of that node', async () => {
      const { spec } = await apiOf(1).get('/api/v1/namespaces/default/services/second');
      const { subsets } = await apiOf(1).get('/api/v1/namespaces/kube-system/endpoints/kube-dns');
      const servers = subsets.flatMap(({ addresses }: { addresses: { nodeName: string }[] }) => addresses);
      assert.deepEqual(servers.map(({ nodeName }: { nodeName: string }) => nodeName).sort(), ['n1', 'n2', 'n3']);
      for (const { pod, netns } of machines) {
        const ask = (...args: string[]) =>
          run('nsenter', [
            `--net=${pod?.netns}`,
            process.execPath,
            join(import.meta.dirname, 'dns/ask.ts'),
            CLUSTER_DNS,
            ...args,
          ]);
        assert.deepEqual(JSON.parse(await ask('resolve4', 'second.default.svc.cluster.local')), [[spec.clusterIP]]);
        const [names] = JSON.parse(await ask('reverse', podOf(2).ip));
        assert.match(names[0], /\.second(-local)?\.default\.svc\.cluster\.local$/);
        const [network = ''] = (pod?.ip ?? '').split(/\.\d+$/);
        const picked = await netns.run('nft', ['list', 'map', 'ip', 'sampan', 'address-slot-0']);
        assert.ok(picked.includes(`10.96.0.10 . udp . 53 : ${network}.1 . 53`), picked);
      }
    });

    it('mends what somebody takes away of the tunnel', async () => {
      const { netns } = machine(1);
      const forwarding = () => netns.run('bridge', ['fdb', 'show', 'dev', 'sampan-vxlan']);
      const before = await forwarding();
      const [mac = ''] = before.split(' ');
      for (const damage of [
        ['bridge', 'fdb', 'del', mac, 'dev', 'sampan-vxlan'],
        ['ip', 'neigh', 'flush', 'dev', 'sampan-vxlan', 'nud', 'permanent'],
        ['ip', 'link', 'del', 'sampan-vxlan'],
      ] as const) {
        const [program, ...args] = damage;
        await netns.run(program, args);
        await eventually(
          async () => (await forwarding()).split('\n').sort().join('\n') === before.split('\n').sort().join('\n'),
          { describe: `what \`${damage.join(' ')}\` took`, timeoutMs: MENDED_MS },
        );
        await assertReached(1, 3);
      }
    });

    it('goes on without a daemon, and forgets a node that is removed', async () => {
      const third = machine(3);
      await third.sampan?.stop();
      await assertReached(1, 3);
      assert.match(await routesOf(1), /10\.244\.2\.0\/24/);
      const cidr = (await apiOf(1).get('/api/v1/nodes/n3')).spec.podCIDR as string;
      await apiOf(1).delete('/api/v1/nodes/n3');
      for (const number of [1, 2]) {
        await eventually(async () => !(await routesOf(number)).includes(cidr), {
          describe: `n${number} to forget it`,
          timeoutMs: MENDED_MS,
        });
      }
      assert.doesNotMatch(await machine(1).netns.run('bridge', ['fdb', 'show', 'dev', 'sampan-vxlan']), /198\.51\.100/);
      await assertAllReached([1, 2]);
    });
  });
});

function manifestsFor(names: readonly string[]): string {
  const pods = names.map(
    (name) => `apiVersion: v1
kind: Pod
metadata: { name: on-${name}, labels: { on: ${name} } }
spec:
  nodeName: ${name}
  terminationGracePeriodSeconds: 0
  containers: [{ name: app, image: 'sampan/busybox:1', command: [busybox, sleep, "1000000"] }]
`,
  );
  const services = [
    ['second', NODE_PORTS.second, 'Cluster'],
    ['second-local', NODE_PORTS.secondLocal, 'Local'],
  ].map(
    ([name, nodePort, policy]) => `apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  type: NodePort
  externalTrafficPolicy: ${policy}
  selector: { on: n2 }
  ports: [{ port: 80, targetPort: ${PORT}, nodePort: ${nodePort} }]
`,
  );
  return [...pods, ...services].join('---\n');
}
