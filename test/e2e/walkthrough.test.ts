/**
 * The walkthrough, row by row as a person sees it, on a real Docker engine and real nftables: once with the embedded store and pods
 * on Docker's default bridge, once with a real etcd, the article's range of addresses and a pod network of sampan's own.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Dockerd } from './harness/dockerd.ts';
import type { Etcd } from './harness/etcd.ts';
import { eventually } from './harness/eventually.ts';
import type { KubeObject } from './harness/kube-client.ts';
import { environmentOf, kubeContainers, runningContainers, runningIds } from './harness/kube-containers.ts';
import type { Netns } from './harness/netns.ts';
import type { Sampan } from './harness/sampan.ts';
import { tableOf } from './harness/table.ts';
import { type TestBed, useTestBed } from './harness/test-bed.ts';

const MANIFESTS = join(import.meta.dirname, '../../manifests');
const REPLICAS = { reversi: 2, tcpserver: 3, upper: 2 };
const IMAGES = { reversi: 'reversistring', tcpserver: 'tcpserver', upper: 'upperstring' };
const NODE_PORT = 30002;

interface Setup {
  readonly docker: { readonly bridge: boolean };
  readonly args: readonly string[];
  /** What every ClusterIP looks like. */
  readonly services: RegExp;
  readonly kubernetesIP: string;
  readonly pods: RegExp;
  etcd?(bed: TestBed, node: Netns): Promise<Etcd>;
}

const SETUPS: Record<string, Setup> = {
  "the embedded store, pods on Docker's bridge": {
    docker: { bridge: true },
    args: ['--node-name=here'],
    services: /^10\.96\./,
    kubernetesIP: '10.96.0.1',
    pods: /^172\.30\.0\./,
  },
  "etcd, the article's addresses, a pod network of its own": {
    docker: { bridge: false },
    args: ['--node-name=here', '--service-cluster-ip-range=123.123.123.0/24'],
    services: /^123\.123\.123\./,
    kubernetesIP: '123.123.123.1',
    pods: /^10\.244\.0\./,
    etcd: (bed, node) => bed.etcd({ netns: node }),
  },
};

for (const [title, setup] of Object.entries(SETUPS)) {
  describe(`the walkthrough with ${title}`, () => {
    const bed = useTestBed();
    let outside: Netns;
    let node: Netns;
    let address: string;
    let docker: Dockerd;
    let etcd: Etcd | undefined;
    let sampan: Sampan;

    before('an engine on a machine of a network, the daemon on manifests/', async () => {
      const lan = await bed.lan();
      outside = lan.outside;
      node = await bed.netns();
      address = await lan.join(node);
      docker = await bed.dockerd(node, setup.docker);
      etcd = await setup.etcd?.(bed, node);
      const store = etcd === undefined ? [] : [`--etcd-servers=${etcd.endpoint}`];
      sampan = await bed.sampan(docker, { sources: [MANIFESTS], args: [...setup.args, ...store] });
    });

    const get = async (...args: string[]) => tableOf(await sampan.cli('get', ...args));
    const pods = (): Promise<KubeObject[]> => sampan.api.list('/api/v1/namespaces/default/pods');
    const services = (): Promise<KubeObject[]> => sampan.api.list('/api/v1/namespaces/default/services');
    const clusterIP = async (name: string): Promise<string> =>
      (await sampan.api.get(`/api/v1/namespaces/default/services/${name}`)).spec.clusterIP;
    const say = (from: Netns, ip: string, port = NODE_PORT) => from.exchange(ip, port, 'hello');

    it('runs seven pods', async () => {
      const rows = await eventually(
        async () => {
          const found = await get('pods');
          assert.deepEqual(
            found.map(({ READY, STATUS }) => `${READY} ${STATUS}`),
            Array<string>(7).fill('1/1 Running'),
          );
          return found;
        },
        { describe: 'seven pods to run', timeoutMs: 30_000 },
      );
      for (const { NAME = '', AGE = '', RESTARTS } of rows) {
        assert.match(NAME, /^(upper|reversi|tcpserver)-[a-z0-9]{5}$/);
        assert.match(AGE, /^\d+s$/);
        assert.equal(RESTARTS, '0');
      }
    });

    it('answers OLLEH on loopback, on the address of the node and to a machine outside', async () => {
      await eventually(async () => assert.equal(await say(node, '127.0.0.1'), 'OLLEH\n') ?? true, {
        describe: 'the first answer',
      });
      assert.equal(await say(node, address), 'OLLEH\n');
      assert.equal(await say(outside, address), 'OLLEH\n');
    });

    it('shows the three controllers with their replicas', async () => {
      assert.deepEqual(
        (await get('rc')).map(({ AGE: _age, ...rest }) => rest),
        Object.entries(REPLICAS).map(([NAME, count]) => ({
          NAME,
          DESIRED: String(count),
          CURRENT: String(count),
          READY: String(count),
        })),
      );
      const wide = (await get('rc', 'upper', '-o', 'wide'))[0];
      assert.deepEqual([wide?.CONTAINERS, wide?.IMAGES, wide?.SELECTOR], ['upper', 'upperstring', 'name=upper']);
    });

    it('shows the services: kubernetes at the first address of the range', async () => {
      const rows = await get('services');
      assert.deepEqual(
        rows.map((row) => `${row.NAME} ${row.TYPE} ${row['EXTERNAL-IP']} ${row['PORT(S)']}`),
        [
          'kubernetes ClusterIP <none> 443/TCP',
          'reversi ClusterIP <none> 8009/TCP',
          'tcpserver NodePort <none> 30001:30002/TCP',
          'upper ClusterIP <none> 8010/TCP',
        ],
      );
      const addresses = rows.map((row) => row['CLUSTER-IP'] ?? '');
      assert.equal(addresses[0], setup.kubernetesIP);
      for (const ip of addresses) assert.match(ip, setup.services);
      assert.equal(new Set(addresses).size, 4);
    });

    it('shows the addresses of the ready pods as endpoints', async () => {
      const rows = await get('endpoints');
      const ips = await podIPs();
      const listed = (name: string) => (rows.find(({ NAME }) => NAME === name)?.ENDPOINTS ?? '').split(',').sort();
      for (const [name, port] of [
        ['reversi', 8005],
        ['tcpserver', 8000],
        ['upper', 8010],
      ] as const) {
        assert.deepEqual(
          listed(name),
          ips(name).map((ip) => `${ip}:${port}`),
        );
      }
      for (const ip of ips('upper')) assert.match(ip, setup.pods);
    });

    it('shows the node, ready', async () => {
      const [row] = await get('nodes', '-o', 'wide');
      assert.equal(row?.NAME, 'here');
      assert.equal(row.STATUS, 'Ready');
      assert.equal(row['INTERNAL-IP'], address);
      assert.match(row['CONTAINER-RUNTIME'] ?? '', /^docker:\/\/\d+\./);
      const { status } = await sampan.api.get('/api/v1/nodes/here');
      assert.equal(status.capacity.pods, '110');
      assert.match(status.capacity.cpu, /^\d+$/);
      assert.match(status.capacity.memory, /^\d+Ki$/);
    });

    it('shows what happened as events', async () => {
      const rows = await get('events');
      const seen = (reason: string, object: RegExp) =>
        rows.filter((row) => row.REASON === reason && object.test(row.OBJECT ?? '')).length;
      assert.equal(seen('Scheduled', /^pod\/(upper|reversi|tcpserver)-/), 7);
      assert.equal(seen('Started', /^pod\/(upper|reversi|tcpserver)-/), 7);
      assert.equal(seen('SuccessfulCreate', /^replicationcontroller\//) > 0, true);
      assert.deepEqual(
        rows.filter(({ TYPE }) => TYPE !== 'Normal'),
        [],
      );
    });

    it('runs two containers a pod, named as the kubelet names them', async () => {
      const containers = await kubeContainers(docker);
      assert.equal(containers.length, 14);
      for (const pod of await pods()) {
        const { name, uid } = pod.metadata;
        const app = name.slice(0, name.lastIndexOf('-')) as keyof typeof IMAGES;
        const own = containers.filter(({ podUid }) => podUid === uid);
        assert.deepEqual(own.map((each) => [each.name, each.image, each.running]).sort(), [
          [`k8s_POD_${name}_default_${uid}_0`, 'sampan/pause:1', true],
          [`k8s_${app}_${name}_default_${uid}_0`, IMAGES[app], true],
        ]);
      }
    });

    it('gives every container both families of variables for every Service, and no others', async () => {
      const expected = (await services()).flatMap(serviceVariables).sort();
      assert.equal(expected.length, 4 * 7 + 1);
      for (const { id, container } of await runningContainers(docker)) {
        if (container === 'POD') continue;
        const environment = await environmentOf(docker, id);
        assert.deepEqual(environment.filter((variable) => /_(SERVICE|PORT)[_=]/.test(variable)).sort(), expected);
      }
    });

    it('keeps cluster addresses inside: pods and the host reach them, a machine outside does not', async () => {
      const ip = await clusterIP('upper');
      assert.equal(await say(node, ip, 8010), 'HELLO\n');
      const [pause] = (await runningContainers(docker)).filter(({ container }) => container === 'POD');
      const inPod = ['run', '--rm', '-i', `--network=container:${pause?.id}`, 'sampan/busybox:1'];
      const ask = ['sh', '-c', `echo hello | nc -w 3 ${ip} 8010`];
      assert.equal(await docker.cli(...inPod, ...ask), 'HELLO\n');

      await assert.rejects(say(outside, ip, 8010), /unreachable/);
    });

    it('shows objects as yaml, json and wide', async () => {
      const [pod] = await pods();
      const name = pod?.metadata.name ?? '';
      const json = JSON.parse(await sampan.cli('get', 'pod', name, '-o', 'json'));
      assert.equal(json.kind, 'Pod');
      assert.equal(json.status.phase, 'Running');
      const list = JSON.parse(await sampan.cli('get', 'pods', '-o', 'json'));
      assert.equal(list.items.length, 7);
      assert.match(await sampan.cli('get', 'pod', name, '-o', 'yaml'), /^apiVersion: v1\nkind: Pod\nmetadata:\n/);
      const [wide] = await get('pods', name, '-o', 'wide');
      assert.equal(wide?.IP, json.status.podIP);
      assert.equal(wide?.NODE, 'here');
      assert.match(await sampan.cli('get', 'pods', '-o', 'name'), /^(pod\/[a-z0-9-]+\n){7}$/);
      assert.equal((await get('pods', '-l', 'name=upper')).length, 2);
    });

    it('shows the output of a pod, and goes on showing it', async () => {
      await say(node, await clusterIP('upper'), 8010);
      const [{ NAME: pod = '' } = {}] = await get('pods', '-l', 'name=upper');
      const logs = await sampan.cli('logs', pod);
      assert.match(logs, /upper/);
      const follow = await sampan.startCli('logs', '-f', pod);
      await eventually(() => follow.readLog().startsWith(logs), { describe: 'what was written before' });
      assert.equal(follow.running, true);
      await follow.stop();
    });

    it('says in its status what is applied from where', async () => {
      const status = await sampan.cli('status');
      assert.match(status, /manifests +applied sha256:/);
      assert.match(status, /Applied +sha256:[0-9a-f]+/);
      assert.match(status, etcd === undefined ? /sqlite|store\.db/i : /127\.0\.0\.1:2379/);
      const [source] = await get('sources');
      assert.equal(source?.READY, 'True');
      assert.equal(source.LOCATION, MANIFESTS);
    });

    it('shows changes as they come with -w, and puts a removed pod back', async () => {
      const watch = await sampan.startCli('get', 'pods', '-w');
      await eventually(() => watch.readLog().split('\n').length >= 8, { describe: 'the table' });
      const [{ NAME: pod = '' } = {}] = await get('pods', '-l', 'name=reversi');
      await sampan.api.delete(`/api/v1/namespaces/default/pods/${pod}`);
      await eventually(() => new RegExp(`${pod} +1/1 +Terminating`).test(watch.readLog()), { describe: 'Terminating' });
      const fresh = await eventually(
        async () => (await get('pods', '-l', 'name=reversi')).find((row) => row.NAME !== pod && row.READY === '1/1'),
        { describe: 'another pod in its place' },
      );
      await eventually(() => new RegExp(`${fresh.NAME} +1/1 +Running`).test(watch.readLog()), {
        describe: 'the new pod in the watch',
      });
      await watch.stop();
      await eventually(async () => (await kubeContainers(docker)).length === 14, { describe: 'the old pod to go' });
    });

    if (setup.etcd !== undefined) {
      it('keeps what etcdctl can read', async () => {
        const etcdctl = (...args: string[]) =>
          node.run('etcdctl', ['--endpoints', etcd?.endpoint ?? '', ...args], {
            env: { ...process.env, ETCDCTL_API: '3' },
          });
        const keys = (await etcdctl('get', '/registry', '--prefix', '--keys-only')).split('\n').filter(Boolean);
        for (const { metadata } of await pods()) assert.ok(keys.includes(`/registry/pods/default/${metadata.name}`));
        assert.ok(keys.includes('/registry/services/specs/default/upper'));
        assert.ok(keys.includes('/registry/controllers/default/upper'));
        const stored = JSON.parse(await etcdctl('get', '/registry/controllers/default/upper', '--print-value-only'));
        assert.equal(stored.spec.replicas, 2);
      });
    }

    it('has logged in JSON, and no error', () => {
      const lines = sampan.process
        .readLog()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      assert.deepEqual(
        lines.filter(({ level }) => level === 'error'),
        [],
      );
    });

    it('leaves the containers running when it is stopped, and nothing at all after cleanup', async () => {
      await eventually(async () => (await runningIds(docker)).length === 14, {
        describe: 'all seven pods to run again',
      });
      const before = await runningIds(docker);
      await sampan.stop();
      assert.equal(await sampan.process.ended, 0);
      assert.deepEqual(await runningIds(docker), before);
      assert.equal(await say(outside, address), 'OLLEH\n', 'and the routes stay too');

      await sampan.cli('cleanup');
      assert.deepEqual(await kubeContainers(docker), []);
      assert.doesNotMatch(await docker.cli('network', 'ls'), /sampan/);
      assert.doesNotMatch(await node.run('nft', ['list', 'ruleset']), /sampan/);
      assert.doesNotMatch(await node.run('ip', ['route', 'show', 'table', 'all']), /sampan|123\.123\.123|10\.96\./);
      assert.doesNotMatch(await node.run('ip', ['link']), /sampan0/);
    });

    /** The addresses of the pods with the name, sorted as text. */
    async function podIPs(): Promise<(name: string) => string[]> {
      const all = await pods();
      return (name) =>
        all
          .filter(({ metadata }) => metadata.name.startsWith(`${name}-`))
          .map(({ status }) => status.podIP as string)
          .sort();
    }
  });
}

/** The two families that Kubernetes and Docker's links made customary; as the walkthrough lists them. */
function serviceVariables({ metadata, spec }: KubeObject): string[] {
  const name = metadata.name.toUpperCase().replaceAll('-', '_');
  const { clusterIP: ip, ports } = spec;
  const [{ port, name: portName }] = ports;
  const url = `tcp://${ip}:${port}`;
  return [
    `${name}_SERVICE_HOST=${ip}`,
    `${name}_SERVICE_PORT=${port}`,
    ...(portName === undefined ? [] : [`${name}_SERVICE_PORT_${portName.toUpperCase()}=${port}`]),
    `${name}_PORT=${url}`,
    `${name}_PORT_${port}_TCP=${url}`,
    `${name}_PORT_${port}_TCP_PROTO=tcp`,
    `${name}_PORT_${port}_TCP_PORT=${port}`,
    `${name}_PORT_${port}_TCP_ADDR=${ip}`,
  ];
}
