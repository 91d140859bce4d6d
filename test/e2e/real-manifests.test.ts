/**
 * Manifests as people have them (real-manifests/), applied with kubectl as they are, and asked for what they promise. The images they name are
 * busybox by other names; what their programs do is in their commands.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DaemonKubectl, daemonKubectl } from './harness/daemon-kubectl.ts';
import type { Dockerd } from './harness/dockerd.ts';
import { eventually } from './harness/eventually.ts';
import type { WatchEvent } from './harness/kube-client.ts';
import { runningContainers } from './harness/kube-containers.ts';
import type { Sampan } from './harness/sampan.ts';
import { useTestBed } from './harness/test-bed.ts';

const FOLDER = join(import.meta.dirname, 'real-manifests');
const FILES = ['web', 'database', 'redis', 'logger', 'agent'];
const IMAGES = ['nginx:1.27-alpine', 'postgres:16', 'redis:7', 'fluent/fluent-bit:3.1', 'busybox:1.36'];
const PODS = '/api/v1/namespaces/default/pods';

describe('real manifests', function () {
  this.timeout(90_000);
  const bed = useTestBed(['ip', 'nsenter', 'dockerd', 'containerd', 'docker', 'busybox', 'nft', 'kubectl']);
  let dockerd: Dockerd;
  let sampan: Sampan;
  let kubectl: DaemonKubectl;

  before('all of them, applied', async function () {
    dockerd = await bed.dockerd(await bed.netns(), { bridge: true });
    for (const image of [...IMAGES, 'prom/node-exporter:v1.8.0']) await dockerd.cli('tag', 'sampan/busybox:1', image);
    sampan = await bed.sampan(dockerd, { sources: [await bed.dir()] });
    const found = daemonKubectl('1.32', { netns: dockerd.netns, sampan, home: await bed.dir() });
    if (found === undefined) return this.skip();
    kubectl = found;
    const folder = await bed.dir();
    for (const name of FILES) {
      const text = await readFile(join(FOLDER, `${name}.yaml`), 'utf8');
      await writeFile(join(folder, `${name}.yaml`), text.replace('STATE_DIR', join(folder, 'state')));
    }
    await kubectl.run('apply', '-f', folder);
    await eventually(
      async () => {
        const pods = await sampan.api.list('/api/v1/pods');
        const isReady = ({ status }: (typeof pods)[number]) =>
          status.conditions?.some(
            (each: { type: string; status: string }) => each.type === 'Ready' && each.status === 'True',
          );
        if (pods.length === 7 && pods.every(isReady)) return true;
        throw new Error(
          JSON.stringify(
            pods.filter((pod) => !isReady(pod)).map(({ metadata, status }) => [metadata.name, status]),
            null,
            1,
          ),
        );
      },
      { describe: 'all pods to be ready', timeoutMs: 60_000 },
    );
  });

  const inPod = (pod: string, ...command: string[]) => kubectl.run('exec', pod, '--', ...command);
  const podOf = async (app: string) => (await kubectl.run('get', 'pods', '-l', app, '-o', 'name')).trim().split('\n');
  const [WEB, DATABASE] = ['app.kubernetes.io/name=web', 'app=database'];

  it('a web server: its pages at the cluster IP and the node port, as nobody on a root that is read only', async () => {
    const { spec, status } = await sampan.api.get('/api/v1/namespaces/default/services/web');
    assert.deepEqual(status, { loadBalancer: {} });
    const [{ nodePort }] = spec.ports;
    for (const url of [`http://${spec.clusterIP}/index.html`, `http://127.0.0.1:${nodePort}/index.html`]) {
      assert.equal(await dockerd.netns.run('busybox', ['wget', '-qO-', url]), 'welcome to the shop\n');
    }
    assert.equal(await inPod('checkout', 'wget', '-qO-', 'http://web'), 'welcome to the shop\n');
    const [pod = ''] = await podOf(WEB);
    assert.match(
      await inPod(
        pod,
        'sh',
        '-c',
        'id -u; id -G; echo $MEMORY_LIMIT; touch /tmp/a /var/cache/nginx/b; touch /a 2>&1 || true',
      ),
      /^101\n101\n64\n.*Read-only file system\n$/,
    );
    assert.match(await kubectl.run('get', 'pdb', 'web', '--no-headers'), /^web\s+1\s+N\/A\s+1\s/);
    await kubectl.run('patch', 'configmap', 'web-content', '-p', '{"data":{"mime.types":".html:text/plain\\n"}}');
    await eventually(async () => (await inPod(pod, 'cat', '/etc/nginx/mime.types')) === '.html:text/plain\n', {
      describe: 'the changed configuration to be there',
    });
  });

  it('a database: keeps its data when its pod is replaced, after what it does before it stops', async () => {
    const asked = () => inPod('checkout', 'sh', '-c', 'echo | nc -w 3 database 5432');
    assert.equal(await asked(), '1 shop 13\n');
    const [pod = ''] = await podOf(DATABASE);
    assert.match(
      await inPod(pod, 'sh', '-c', 'stat -c "%u %g %a" $PGDATA; grep " /dev/shm " /proc/mounts'),
      /^999 999 700\n\S+ \/dev\/shm tmpfs /,
    );
    await kubectl.run('delete', pod, '--wait=false');
    await eventually(async () => (await asked()) === '2 shop 13\n', { describe: 'the next one', timeoutMs: 40_000 });
    const [next = ''] = await podOf(`${DATABASE}`);
    assert.equal(await inPod(next, 'sh', '-c', 'cat $PGDATA/stops'), 'stopped\n');
    const { stdout, stderr } = await kubectl.attempt('describe', 'pod', next);
    assert.ok(!`${stdout}${stderr}${sampan.process.readLog()}`.includes('correct horse'));
  });

  it('peers: find each other by name and port, before they are ready, and reach each other', async () => {
    const records = await inPod('redis-0', 'nslookup', '-type=srv', '_redis._tcp.redis.default.svc.cluster.local');
    for (const name of ['redis-0', 'redis-1'])
      assert.match(records, new RegExp(`6379 ${name}\\.redis\\.default\\.svc`));
    assert.equal(await inPod('redis-0', 'hostname', '-f'), 'redis-0.redis.default.svc.cluster.local\n');
    assert.equal(await inPod('redis-0', 'sh', '-c', 'echo | nc -w 3 redis-1.redis 6379'), 'redis-1\n');
  });

  it('a sidecar: starts before the application and has its lines', async () => {
    assert.match(await kubectl.run('logs', 'checkout', '-c', 'fluent-bit', '--tail=2'), /^order \d+\norder \d+\n$/);
    const { status } = await sampan.api.get(`${PODS}/checkout`);
    const [startedFirst, startedThen] = [status.initContainerStatuses, status.containerStatuses].map(
      ([each]: { state: { running: { startedAt: string } } }[]) => each?.state.running.startedAt ?? '',
    );
    assert.ok(startedFirst !== undefined && startedThen !== undefined && startedFirst <= startedThen);
  });

  it('a watcher of the machine: on its network, with its processes, wherever it is told to be', async () => {
    const { metadata, status } = (await sampan.api.list('/api/v1/nodes'))[0] ?? assert.fail('there is no node');
    const { address } = status.addresses.find(({ type }: { type: string }) => type === 'InternalIP');
    const metrics = await dockerd.netns.run('busybox', ['wget', '-qO-', `http://${address}:9100/metrics`]);
    assert.match(metrics, new RegExp(`^\\S+\n${metadata.name} ${address}\n$`));
  });

  it('a Service by another name: leads where it says', async () => {
    const said = await inPod('checkout', 'nslookup', '-type=a', 'metrics.kube-system.svc.cluster.local');
    assert.match(said, /canonical name = redis\.default\.svc\.cluster\.local/);
  });

  it('a folder that grows beyond its limit: has its pod evicted', async () => {
    const command = ['sh', '-c', 'head -c 3000000 /dev/zero > /cache/much; exec sleep 1000000'];
    const container = {
      name: 'app',
      image: 'busybox:1.36',
      command,
      volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
    };
    const spec = { containers: [container], volumes: [{ name: 'cache', emptyDir: { sizeLimit: '2Mi' } }] };
    await sampan.api.create(PODS, {
      metadata: { name: 'greedy' },
      spec: { ...spec, terminationGracePeriodSeconds: 0 },
    });
    await kubectl.run('wait', 'pod/greedy', '--for=jsonpath={.status.reason}=Evicted', '--timeout=40s');
    await eventually(async () => !(await runningContainers(dockerd)).some(({ pod }) => pod === 'greedy'), {
      describe: 'its containers to end',
    });
    await kubectl.run('delete', 'pod', 'greedy');
  });

  it('are unchanged when they are applied again', async () => {
    const text = await readFile(join(FOLDER, 'redis.yaml'), 'utf8');
    assert.match(await kubectl.feed(text, 'apply', '-f', '-'), /^(\S+ unchanged\n){3}$/);
  });

  it('a pod that comes later knows the Services there are, runs, and goes, as a watch tells it', async () => {
    const events: WatchEvent[] = [];
    const watch = (async () => {
      for await (const event of sampan.api.watch(PODS)) {
        if (event.object.metadata.name !== 'late') continue;
        events.push(event);
        if (event.type === 'DELETED') return;
      }
    })();
    const command = ['sh', '-c', 'env; echo problem >&2; trap "exit 0" TERM; while true; do sleep 0.1; done'];
    const container = { name: 'app', image: 'busybox:1.36', command };
    await sampan.api.create(PODS, {
      metadata: { name: 'late', labels: { late: 'yes' } },
      spec: { containers: [container] },
    });
    await kubectl.run('wait', 'pod/late', '--for=condition=Ready', '--timeout=30s');
    const { spec } = await sampan.api.get('/api/v1/namespaces/default/services/database');
    const logs = await eventually(
      async () => {
        const said = await kubectl.run('logs', 'late');
        return said.includes('problem') && said;
      },
      { describe: 'both outputs' },
    );
    const url = `tcp://${spec.clusterIP}:5432`;
    for (const line of [
      ...[`DATABASE_SERVICE_HOST=${spec.clusterIP}`, 'DATABASE_SERVICE_PORT=5432', `DATABASE_PORT=${url}`],
      ...[`DATABASE_PORT_5432_TCP=${url}`, 'DATABASE_PORT_5432_TCP_PROTO=tcp', 'DATABASE_PORT_5432_TCP_PORT=5432'],
      `DATABASE_PORT_5432_TCP_ADDR=${spec.clusterIP}`,
    ]) {
      assert.ok(logs.split('\n').includes(line), line);
    }
    await kubectl.run('delete', 'pod', 'late', '--grace-period=20');
    await watch;
    const phases = events.map(
      ({ type, object }) => `${type} ${object.metadata.deletionTimestamp ? 'leaving' : object.status.phase}`,
    );
    assert.equal(phases[0], 'ADDED Pending');
    assert.ok(phases.includes('MODIFIED Running') && phases.includes('MODIFIED leaving'));
    assert.match(phases.at(-1) ?? '', /^DELETED/);
    assert.equal((await sampan.api.list(`${PODS}?labelSelector=late`)).length, 0);
  });
});
