/** The cluster's names on a real engine: asked by a pod, by a pod on the host's network and by the host, at the cluster's DNS address. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Dockerd } from './harness/dockerd.ts';
import { eventually } from './harness/eventually.ts';
import { runningContainers } from './harness/kube-containers.ts';
import type { Netns } from './harness/netns.ts';
import { processesMentioning } from './harness/process-table.ts';
import { run } from './harness/run.ts';
import type { Sampan } from './harness/sampan.ts';
import { useTestBed } from './harness/test-bed.ts';

const CLUSTER_DNS = '10.96.0.10';
const UPSTREAM = '127.0.0.9';
const SVC = 'svc.cluster.local';
const script = (name: string) => join(import.meta.dirname, 'dns', name);

const pod = (name: string, fields = '') => `---
apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: ${name.split('-')[0]} } }
spec:
  ${fields}
  terminationGracePeriodSeconds: 0
  containers:
    - { name: app, image: 'sampan/busybox:1', command: [busybox, sleep, "1000000"], ports: [{ name: sql, containerPort: 5432 }] }
`;
const manifests = `apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: client }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
apiVersion: v1
kind: Service
metadata: { name: db }
spec: { clusterIP: None, selector: { app: db }, ports: [{ name: sql, port: 5432, targetPort: sql }] }
---
apiVersion: v1
kind: Service
metadata: { name: long }
spec: { clusterIP: None, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Endpoints
metadata: { name: long }
subsets:
  - addresses: [${Array.from({ length: 100 }, (_, i) => `{ ip: 10.9.9.${i} }`).join(', ')}]
    ports: [{ port: 80 }]
${pod('client')}${pod('db-0', 'hostname: db-0\n  subdomain: db')}${pod('db-1', 'hostname: db-1\n  subdomain: db')}`;

describe('DNS', () => {
  const bed = useTestBed(['ip', 'nsenter', 'dockerd', 'containerd', 'docker', 'busybox', 'nft']);
  let node: Netns;
  let dockerd: Dockerd;
  let sampan: Sampan;
  let folder: string;
  let client: string;
  let clientNetns: string;

  const ask = async (method: string, ...names: string[]): Promise<unknown[]> =>
    JSON.parse(
      await run('nsenter', [`--net=${clientNetns}`, process.execPath, script('ask.ts'), CLUSTER_DNS, method, ...names]),
    );
  const addressOf = async (name: string): Promise<string> =>
    (await sampan.api.get(`/api/v1/namespaces/default/pods/${name}`)).status.podIP;

  before('a node with pods, and a DNS server beside the cluster', async () => {
    node = await bed.netns();
    dockerd = await bed.dockerd(node, { bridge: true });
    folder = await bed.dir();
    await node.start(process.execPath, [script('upstream.ts'), UPSTREAM], join(folder, '../upstream.log'));
    const resolvConf = join(await bed.dir(), 'resolv.conf');
    await writeFile(resolvConf, `nameserver ${UPSTREAM}\n`);
    await writeFile(join(folder, 'all.yaml'), manifests);
    sampan = await bed.sampan(dockerd, { sources: [folder], args: ['--resolv-conf', resolvConf] });
    const running = await eventually(
      async () => {
        const apps = (await runningContainers(dockerd)).filter(({ container }) => container === 'app');
        return apps.length === 3 && apps;
      },
      { describe: 'three pods to run', timeoutMs: 30_000 },
    );
    client = running.find(({ pod: name }) => name === 'client')?.id ?? '';
    const pid = (await dockerd.cli('inspect', '--format', '{{.State.Pid}}', client)).trim();
    clientNetns = `/proc/${pid}/ns/net`;
    await eventually(async () => ((await ask('resolve4', `db.default.${SVC}`))[0] as string[]).length === 2, {
      describe: 'the endpoints to be named',
    });
  });

  it('knows Services by name, and the API server', async () => {
    const { spec } = await sampan.api.get('/api/v1/namespaces/default/services/web');
    const names = [`web.default.${SVC}`, `kubernetes.default.${SVC}`, `kube-dns.kube-system.${SVC}`];
    assert.deepEqual(await ask('resolve4', ...names), [[spec.clusterIP], ['10.96.0.1'], [CLUSTER_DNS]]);
    assert.deepEqual(await ask('resolve4', `gone.default.${SVC}`), ['ENOTFOUND']);
    assert.deepEqual(await ask('resolve6', `web.default.${SVC}`), ['ENODATA']);
  });

  it("knows a headless Service's pods together, each by its hostname, and their ports", async () => {
    const [first, second] = [await addressOf('db-0'), await addressOf('db-1')];
    const [all, ...each] = await ask(
      'resolve4',
      `db.default.${SVC}`,
      `db-0.db.default.${SVC}`,
      `db-1.db.default.${SVC}`,
    );
    assert.deepEqual((all as string[]).sort(), [first, second].sort());
    assert.deepEqual(each, [[first], [second]]);
    const [ports] = (await ask('resolveSrv', `_sql._tcp.db.default.${SVC}`)) as { name: string; port: number }[][];
    assert.deepEqual(ports?.map(({ name, port }) => `${name} ${port}`).sort(), [
      `db-0.db.default.${SVC} 5432`,
      `db-1.db.default.${SVC} 5432`,
    ]);
  });

  it('knows addresses by their names', async () => {
    const { spec } = await sampan.api.get('/api/v1/namespaces/default/services/web');
    assert.deepEqual(await ask('reverse', spec.clusterIP, await addressOf('db-0'), '10.96.0.99'), [
      [`web.default.${SVC}`],
      [`db-0.db.default.${SVC}`],
      'ENOTFOUND',
    ]);
  });

  it('asks other servers for other names, by TCP where it must, and gives long answers by TCP', async () => {
    assert.deepEqual(await ask('resolve4', 'www.outside.test', 'gone.outside.test'), [['192.0.2.80'], 'ENOTFOUND']);
    const [theirs, ours] = (await ask('resolve4', 'long.outside.test', `long.default.${SVC}`)) as string[][];
    assert.deepEqual([theirs?.length, ours?.length], [100, 100]);
  });

  it('completes partial names by the search list that pods have', async () => {
    const inPod = (...command: string[]) => dockerd.cli('exec', client, 'busybox', ...command);
    assert.match(await inPod('cat', '/etc/resolv.conf'), /^search default\.svc\.cluster\.local svc\.cluster\.local /);
    const { spec } = await sampan.api.get('/api/v1/namespaces/default/services/web');
    // ping says whom it asks; that a Service does not answer it is no matter.
    const names = ['web', 'web.default', 'web.default.svc'];
    const said = await Promise.all(names.map((name) => inPod('ping', '-c', '1', '-W', '1', name).catch(String)));
    for (const line of said) assert.ok(line.includes(`(${spec.clusterIP})`), line);
  });

  it('gives an external name as an alias, follows its changes, and its address once it has one', async () => {
    const services = '/api/v1/namespaces/default/services';
    const service = `${services}/alias`;
    await sampan.api.create(services, {
      metadata: { name: 'alias' },
      spec: { type: 'ExternalName', externalName: 'www.outside.test' },
    });
    const name = `alias.default.${SVC}`;
    assert.deepEqual(await ask('resolveCname', name), [['www.outside.test']]);
    assert.deepEqual(await ask('resolve4', name), [['192.0.2.80']]);
    await sampan.api.patch(service, { spec: { externalName: 'other.outside.test' } });
    assert.deepEqual(await ask('resolveCname', name), [['other.outside.test']]);
    const ports = [{ port: 80 }];
    const { spec } = await sampan.api.patch(service, { spec: { type: 'ClusterIP', externalName: null, ports } });
    assert.deepEqual(await ask('resolve4', name), [[spec.clusterIP]]);
  });

  it('answers the host, and programs that know no more than UDP', async () => {
    const said = await node.run('busybox', ['nslookup', '-type=a', `kubernetes.default.${SVC}`, CLUSTER_DNS]);
    assert.match(said, /Address: 10\.96\.0\.1\b/);
  });

  it('answers with pods that come and go as they do', async () => {
    await sampan.api.delete('/api/v1/namespaces/default/pods/db-1?gracePeriodSeconds=0');
    const [first] = [await addressOf('db-0')];
    await eventually(async () => assert.deepEqual(await ask('resolve4', `db.default.${SVC}`), [[first]]) ?? true, {
      describe: 'the deleted pod to be gone',
    });
  });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`answers every question while the daemon is ended by ${signal}, away, and started again`, async () => {
      const name = `db.default.${SVC}`;
      const asking = spawn('nsenter', [
        `--net=${clientNetns}`,
        ...[process.execPath, script('ask-on.ts'), CLUSTER_DNS, name],
      ]);
      const first = await addressOf('db-0');
      await sampan.stop(signal);
      assert.deepEqual(await ask('resolve4', name, 'www.outside.test'), [[first], ['192.0.2.80']]);
      await sampan.start();
      assert.deepEqual(await ask('resolve4', `kubernetes.default.${SVC}`), [['10.96.0.1']]);
      asking.stdin.end();
      const { asked, failures, longestMs } = JSON.parse(await text(asking.stdout));
      assert.deepEqual(failures, []);
      assert.ok(asked > 50 && longestMs < 3_000, `${asked} questions, the slowest ${longestMs} ms`);
    });
  }

  it('answers nobody any more once all is cleaned up', async () => {
    await sampan.stop();
    await sampan.cli('cleanup');
    const standbys = () => processesMentioning(join(sampan.dataDir, 'dns'));
    await eventually(() => standbys().length === 0, { describe: 'who stood in for the daemon to end' });
  });
});
