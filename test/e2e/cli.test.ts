/** The command line as people meet it: `hack/sampan` and its exit codes, what it says when something is wrong, the picture on a terminal. */
import assert from 'node:assert/strict';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type App, type Cluster, manifestOf, untilSettled } from './harness/apps.ts';
import type { BackgroundProcess } from './harness/background-process.ts';
import type { Dockerd } from './harness/dockerd.ts';
import { eventually } from './harness/eventually.ts';
import { kubeContainers } from './harness/kube-containers.ts';
import type { Netns } from './harness/netns.ts';
import { attempt } from './harness/run.ts';
import { tableOf } from './harness/table.ts';
import { useTestBed } from './harness/test-bed.ts';

const CHECKOUT = join(import.meta.dirname, '../..');
const command = join(CHECKOUT, 'hack/sampan');
const sampan = (...args: string[]) => attempt(command, args);

describe('the command line without a daemon', () => {
  const bed = useTestBed([]);

  it('validates good manifests', async () => {
    const { code, stdout } = await sampan('validate', join(CHECKOUT, 'manifests'));
    assert.deepEqual([code, stdout], [0, '6 files, 6 objects: no problems\n']);
  });

  it('shows every problem of bad manifests at once, with file and line, and fails', async () => {
    const dir = await bed.dir();
    await writeFile(join(dir, 'a.yaml'), manifestOf({ name: 'web', replicas: 1 }).replace('replicas: 1', 'replcas: 1'));
    await writeFile(
      join(dir, 'b.yaml'),
      'apiVersion: v1\nkind: Service\nmetadata: { name: x }\nspec:\n  ports:\n    - { port: 0, targetPort: 1 }\n',
    );
    await writeFile(join(dir, 'c.yaml'), 'a: b: c\n');
    const { code, stdout } = await sampan('validate', dir);
    assert.equal(code, 1);
    const lines = stdout.trim().split('\n');
    const shown = (text: RegExp) =>
      assert.ok(
        lines.some((line) => text.test(line)),
        `${text} in\n${stdout}`,
      );
    shown(/a\.yaml:5 .*replcas.*did you mean "replicas"/);
    shown(/b\.yaml:6 spec\.ports\[0\]\.port: Invalid value: 0: must be between 1 and 65535, inclusive/);
    shown(/c\.yaml:1 /);
    assert.match(lines.at(-1) ?? '', /^3 files, .*: 3 problems$/);
  });

  it('says what to do where no daemon runs', async () => {
    const dir = await bed.dir();
    const { code, stderr } = await sampan('get', 'pods', '--data-dir', dir);
    assert.equal(code, 2);
    assert.match(stderr, /no daemon runs with this data dir .*start one with sampan run/);
    const cleanup = await sampan('cleanup', '--data-dir', dir);
    assert.deepEqual([cleanup.code, /nothing to clean up/.test(cleanup.stdout)], [0, true]);
  });

  it('refuses what it does not understand, with exit code 2', async () => {
    const wrong = [
      [['run'], /needs at least one SOURCE/],
      [['run', CHECKOUT, '--service-cluster-ip-range=10.96.0.0'], /service-cluster-ip-range/],
      [['run', CHECKOUT, '--proxy-mode=iptables'], /nftables, userspace, none/],
      [['get', 'deployments'], /there is no resource type "deployments"; there are .*pods/],
      [['frobnicate'], /unknown command/],
    ] as const;
    for (const [args, message] of wrong) {
      const { code, stderr } = await sampan(...args);
      assert.deepEqual([code, message.test(stderr)], [2, true], `${args.join(' ')}: ${stderr}`);
    }
  });
});

describe('the command line with a daemon', () => {
  const bed = useTestBed();
  const web: App = { name: 'web', replicas: 2 };
  let folder: string;
  let node: Netns;
  let dockerd: Dockerd;
  let cluster: Cluster;

  const get = async (...args: string[]) => tableOf(await cluster.sampan.cli('get', ...args));
  const status = () => cluster.sampan.cli('status');
  const declare = (name: string, text: string) => writeFile(join(folder, `${name}.yaml`), text);
  const pod = (name: string, spec: string) =>
    `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\nspec:\n  containers: [{ name: app, image: tcpserver }]\n${spec}`;

  before('a daemon with a config file', async () => {
    folder = await bed.dir();
    await declare('web', manifestOf(web));
    const config = join(await bed.dir(), 'sampan.yaml');
    await writeFile(config, `sources: [${folder}]\nnode-name: configured\nservice-cluster-ip-range: 10.7.0.0/24\n`);
    node = await bed.netns();
    dockerd = await bed.dockerd(node, { bridge: true });
    cluster = { dockerd, sampan: await bed.sampan(dockerd, { args: [`--config=${config}`] }) };
    await untilSettled(cluster, [web]);
  });

  afterEach('nothing but what there was at first', async () => {
    for (const name of ['picky', 'crashing']) await rm(join(folder, `${name}.yaml`), { force: true });
    await untilSettled(cluster, [web]);
  });

  it('takes its settings from the config file', async () => {
    assert.deepEqual(
      (await get('nodes')).map(({ NAME }) => NAME),
      ['configured'],
    );
    for (const row of await get('services')) assert.match(row['CLUSTER-IP'] ?? '', /^10\.7\.0\./);
  });

  it('lets nobody but its owner in', async () => {
    const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
    assert.equal(await mode(cluster.sampan.dataDir), '700');
    assert.equal(await mode(join(cluster.sampan.dataDir, 'sampan.sock')), '600');
  });

  it("gives the server's own words where there is no such object", async () => {
    const { code, stderr } = await cluster.sampan.tryCli('get', 'pod', 'nobody');
    assert.equal(code, 1);
    assert.match(stderr, /Error from server: pods "nobody" not found/);
    const logs = await cluster.sampan.tryCli('logs', 'nobody');
    assert.deepEqual([logs.code, /pods "nobody" not found/.test(logs.stderr)], [1, true]);
    const confirm = await cluster.sampan.tryCli('confirm-prune');
    assert.match(confirm.stderr, /nothing that waits for a confirmation/);
  });

  it('says why a pod runs nowhere', async () => {
    await declare('picky', pod('picky', '  nodeSelector: { disk: ssd }\n'));
    await eventually(
      async () =>
        assert.match(await status(), /picky +Pending: 0\/1 nodes are available: 1 node\(s\) didn't match/) ?? true,
      { describe: 'the status to say so' },
    );
    const failed = await eventually(
      async () =>
        (await get('events')).find(({ REASON, OBJECT }) => REASON === 'FailedScheduling' && OBJECT === 'pod/picky'),
      { describe: 'the event' },
    );
    assert.equal(failed.TYPE, 'Warning');
    assert.match(failed.MESSAGE ?? '', /0\/1 nodes are available/);
  });

  it('shows a crashing pod as kubectl does, with the output of the run before', async () => {
    // tcpserver ends at once where the Services it needs do not exist.
    await declare('crashing', pod('crashing', ''));
    const row = await eventually(
      async () => (await get('pods')).find(({ NAME, STATUS }) => NAME === 'crashing' && STATUS === 'CrashLoopBackOff'),
      { describe: 'CrashLoopBackOff' },
    );
    assert.equal(row.READY, '0/1');
    assert.match(row.RESTARTS ?? '', /^1 \(\d+s ago\)$/);
    assert.match(await cluster.sampan.cli('logs', 'crashing'), /UPPER_SERVICE_HOST is not set/);
    assert.match(await cluster.sampan.cli('logs', '-p', 'crashing'), /UPPER_SERVICE_HOST is not set/);
    assert.match(
      await status(),
      /crashing +CrashLoopBackOff: back-off 10s restarting failed container=app pod=crashing_default/,
    );
  });

  it('shows a picture on a terminal, and ends with Ctrl-C', async () => {
    await cluster.sampan.stop();
    const screen = await onTerminal('run', folder, '--data-dir', cluster.sampan.dataDir, '--node-name=configured');
    await eventually(() => /default\/web +█{20} 2\/2 ready/.test(screen.readLog()), { describe: 'the picture' });
    // What a terminal does with Ctrl-C.
    process.kill(Number(await readFile(join(cluster.sampan.dataDir, 'sampan.pid'), 'utf8')), 'SIGINT');
    assert.equal(await screen.ended, 0);
    assert.equal((await kubeContainers(dockerd)).filter(({ running }) => running).length, 4);
    await cluster.sampan.start();
  });

  it('waits for an engine that is not there, and says so', async () => {
    const dataDir = await bed.dir();
    const waiting = await node.start(
      command,
      ['run', folder, '--data-dir', dataDir, '--docker-host=unix:///no/docker.sock', '--secure-port=0'],
      join(await bed.dir(), 'waiting.log'),
    );
    await eventually(() => /waiting for Docker/.test(waiting.readLog()), { describe: 'it to say so' });
    const pods = await eventually(
      async () => {
        const { stdout } = await sampan('get', 'pods', '--data-dir', dataDir);
        const rows = tableOf(stdout);
        return rows.length === 2 && rows;
      },
      { describe: 'the pods to be declared' },
    );
    assert.deepEqual(
      pods.map(({ STATUS }) => STATUS),
      ['Pending', 'Pending'],
    );
    await waiting.stop();
    assert.equal(await waiting.ended, 0);
  });

  it('proxies by itself where it is told to', async () => {
    await cluster.sampan.stop();
    const args = [
      'run',
      folder,
      '--node-name=configured',
      '--service-cluster-ip-range=10.7.0.0/24',
      '--proxy-mode=userspace',
    ];
    const proxying = await cluster.sampan.startCli(...args);
    await eventually(() => /apply-routes.*no routes are installed/.test(proxying.readLog()), {
      describe: 'it to proxy',
    });
    assert.doesNotMatch(await node.run('nft', ['list', 'ruleset']), /sampan/);
    await untilSettled(cluster, [web]);
    const { spec } = await cluster.sampan.api.get('/api/v1/namespaces/default/services/web');
    const open = await node.start(
      'busybox',
      ['nc', spec.clusterIP, '8010', '-e', 'sleep', '60'],
      join(await bed.dir(), 'nc.log'),
    );
    await eventually(async () => (await node.run('ss', ['-tnH', 'dst', spec.clusterIP])) !== '', {
      describe: 'a connection through it',
    });
    await proxying.stop();
    assert.equal(await proxying.ended, 0, 'an open connection does not keep it from ending');
    await open.stop();
    await cluster.sampan.start();
    await untilSettled(cluster, [web]);
  });

  it('removes everything when told to clean up', async () => {
    await cluster.sampan.stop();
    assert.match(await cluster.sampan.cli('cleanup'), /removed 4 containers/);
    assert.deepEqual(await kubeContainers(dockerd), []);
    await cluster.sampan.start();
    await untilSettled(cluster, [web]);
  });

  /** Starts it with a terminal of its own, what appears on it in the log. */
  async function onTerminal(...args: string[]): Promise<BackgroundProcess> {
    // A terminal without a size shows nothing.
    const line = ['stty rows 40 columns 120; exec', command, ...args, `--docker-host=${dockerd.host}`].join(' ');
    return node.start(
      'script',
      ['--quiet', '--return', '--flush', '--command', line, '/dev/null'],
      join(await bed.dir(), 'screen.log'),
    );
  }
});
