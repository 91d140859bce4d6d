/**
 * Probes of all four kinds and hooks of all three on a real engine: what they make of a pod's readiness, of its Service's Endpoints and of
 * its containers, and that a daemon which is restarted changes nothing.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Dockerd } from './harness/dockerd.ts';
import { eventually } from './harness/eventually.ts';
import type { KubeObject } from './harness/kube-client.ts';
import { runningContainers, runningIds } from './harness/kube-containers.ts';
import type { Sampan } from './harness/sampan.ts';
import { useTestBed } from './harness/test-bed.ts';

const NAMESPACE = '/api/v1/namespaces/default';
const GRPC_PORT = 5000;
const HEALTH_SERVER = join(import.meta.dirname, 'probes/health-server.ts');
/** An HTTP server that says in its log what it was asked for. */
const SERVE = 'mkdir -p /www && touch /alive && exec httpd -f -vv -p 8080 -h /www';

const IDLE = ['sh', '-c', "trap 'exit 0' TERM; sleep 1000 & wait"];

function pod(name: string, container: object, spec: object = {}): object {
  const containers = [{ name: 'app', image: 'sampan/busybox:1', ...container }];
  const metadata = { name, labels: { app: name } };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { terminationGracePeriodSeconds: 1, containers, ...spec } };
}

/** A busy machine must not look like a sick program. */
const TIMES = { periodSeconds: 1, timeoutSeconds: 10, failureThreshold: 2 };

const WEB = pod('web', {
  command: ['sh', '-c', SERVE],
  ports: [{ name: 'http', containerPort: 8080 }],
  startupProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1, failureThreshold: 30 },
  readinessProbe: { httpGet: { port: 'http', path: '/ready' }, ...TIMES },
  livenessProbe: { exec: { command: ['test', '-f', '/alive'] }, ...TIMES },
});

const RPC = pod('rpc', {
  command: IDLE,
  readinessProbe: { grpc: { port: GRPC_PORT }, periodSeconds: 1, failureThreshold: 1 },
});

const HOST = pod(
  'host',
  {
    command: ['sh', '-c', 'mkdir -p /www && exec httpd -f -p 8091 -h /www'],
    readinessProbe: { tcpSocket: { port: 8091 } },
    ports: [{ containerPort: 8091 }],
  },
  { hostNetwork: true },
);

const HANGS = pod('hangs', {
  command: IDLE,
  readinessProbe: { exec: { command: ['sleep', '987'] }, periodSeconds: 1, failureThreshold: 1 },
});

const PAUSES = pod(
  'pauses',
  { command: IDLE, lifecycle: { preStop: { sleep: { seconds: 2 } } } },
  { terminationGracePeriodSeconds: 10 },
);

describe('probes and hooks', () => {
  const bed = useTestBed();
  let dockerd: Dockerd;
  let sampan: Sampan;

  const get = (name: string): Promise<KubeObject> => sampan.api.get(`${NAMESPACE}/pods/${name}`);
  const create = (object: object): Promise<KubeObject> => sampan.api.create(`${NAMESPACE}/pods`, object);
  const remove = (name: string): Promise<void> => sampan.api.delete(`${NAMESPACE}/pods/${name}`);
  const statusOf = async (name: string) => (await get(name)).status.containerStatuses?.[0];
  const until = (describe: string, condition: () => Promise<boolean>, timeoutMs = 10_000) =>
    eventually(condition, { describe, timeoutMs });
  const untilReady = (name: string, ready: boolean) =>
    until(`${name} to be ${ready ? 'ready' : 'unready'}`, async () => (await statusOf(name))?.ready === ready);
  const untilGone = async (name: string) => {
    const pods = async () => (await sampan.api.list(`${NAMESPACE}/pods`)).map(({ metadata }) => metadata.name);
    await until(`${name} to be gone`, async () => !(await pods()).includes(name));
  };
  const idOf = async (name: string) => {
    const found = (await runningContainers(dockerd)).find((each) => each.pod === name && each.container === 'app');
    assert.ok(found, `the app of ${name} runs`);
    return found.id;
  };
  const inPod = async (name: string, ...command: string[]) => dockerd.cli('exec', await idOf(name), ...command);
  const askedFor = async (path: string) => {
    const id = await idOf('web');
    const { stdout, stderr } = await dockerd.netns.attempt('docker', ['-H', dockerd.host, 'logs', id]);
    return `${stdout}${stderr}`.split(`url:${path}\n`).length - 1;
  };
  const events = async (name: string) => {
    const all = await sampan.api.list(`${NAMESPACE}/events`);
    return all
      .filter(({ involvedObject }) => involvedObject.name === name)
      .map(({ reason, message }) => `${reason}: ${message}`);
  };
  const endpoints = async () => {
    const [subset = {}] = (await sampan.api.get(`${NAMESPACE}/endpoints/web`)).subsets ?? [];
    const { addresses = [], notReadyAddresses = [] } = subset;
    return [addresses.length, notReadyAddresses.length];
  };

  before('a node, a Service, and all pods', async () => {
    const node = await bed.netns();
    const address = await (await bed.lan()).join(node);
    dockerd = await bed.dockerd(node, { bridge: true });
    sampan = await bed.sampan(dockerd, { sources: [await bed.dir()], args: [`--node-ip=${address}`] });
    const ports = [{ port: 80, targetPort: 'http' }];
    const spec = { selector: { app: 'web' }, ports };
    await sampan.api.create(`${NAMESPACE}/services`, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec,
    });
    await Promise.all([WEB, RPC, HOST, HANGS, PAUSES].map(create));
    await until('web to have started', async () => (await statusOf('web'))?.started === true, 20_000);
  });

  it('let a pod into its Service when it is ready, and take it out when it is not', async () => {
    assert.equal((await statusOf('web'))?.ready, false);
    await until('the Endpoints to name it as not ready', async () => (await endpoints()).join() === '0,1');
    await inPod('web', 'touch', '/www/ready');
    await untilReady('web', true);
    await until('the Endpoints to name it', async () => (await endpoints()).join() === '1,0');
    await inPod('web', 'rm', '/www/ready');
    await untilReady('web', false);
    await until('the Endpoints to drop it', async () => (await endpoints()).join() === '0,1');
    const told = 'Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 404';
    await until('the event that says why', async () => (await events('web')).includes(told));
    await inPod('web', 'touch', '/www/ready');
    await untilReady('web', true);
    assert.equal((await statusOf('web'))?.restartCount, 0);
  });

  it('restart a container that no longer lives', async () => {
    await inPod('web', 'rm', '/alive');
    await until('the restart', async () => (await statusOf('web'))?.restartCount === 1);
    await until('it to have started again', async () => (await statusOf('web'))?.started === true);
    assert.ok((await events('web')).includes('Killing: Container app failed liveness probe, will be restarted'));
    await inPod('web', 'touch', '/www/ready');
    await untilReady('web', true);
  });

  it('ask a gRPC server', async () => {
    await until('rpc to run', async () => (await statusOf('rpc'))?.started === true);
    assert.equal((await statusOf('rpc'))?.ready, false);
    const pid = (await dockerd.cli('inspect', '--format', '{{.State.Pid}}', await idOf('rpc'))).trim();
    const enter = [`--net=/proc/${pid}/ns/net`, '--', process.execPath, HEALTH_SERVER, String(GRPC_PORT)];
    const server = await dockerd.netns.start('nsenter', enter, join(await bed.dir(), 'health.log'));
    await untilReady('rpc', true);
    await server.stop();
    await untilReady('rpc', false);
    await remove('rpc');
  });

  it('reach a pod on the network of the host', async () => {
    await untilReady('host', true);
    await remove('host');
  });

  it('end a command that hangs, and hold up nothing by it', async () => {
    const told = 'Unhealthy: Readiness probe failed: command timed out: "sleep 987" timed out after 1s';
    await until('the event that says so', async () => (await events('hangs')).includes(told));
    await remove('hangs');
  });

  it('run a hook before a container is said to run, and one before it stops', async () => {
    const host = (await get('web')).status.podIP;
    const lifecycle = {
      postStart: { exec: { command: ['sh', '-c', 'sleep 2 && touch /started'] } },
      preStop: { httpGet: { host, port: 8080, path: '/bye' } },
    };
    // It takes no notice of SIGTERM, and so outlives its hook.
    await create(pod('hooked', { command: ['sleep', '1000'], lifecycle }, { terminationGracePeriodSeconds: 3 }));
    await until('its container to run', async () => {
      return (await runningContainers(dockerd)).some((each) => each.pod === 'hooked' && each.container === 'app');
    });
    assert.equal((await get('hooked')).status.phase, 'Pending');
    await until('hooked to run', async () => (await get('hooked')).status.phase === 'Running');
    await inPod('hooked', 'test', '-f', '/started');
    await remove('hooked');
    await until('another pod to see the hook', async () => (await askedFor('/bye')) === 1);
    assert.equal((await get('hooked')).metadata.name, 'hooked');
    await untilGone('hooked');
    assert.equal(await askedFor('/bye'), 1);
  });

  it('run a pause before the stop', async () => {
    const before = performance.now();
    await remove('pauses');
    await untilGone('pauses');
    const tookMs = performance.now() - before;
    assert.ok(tookMs >= 2_000 && tookMs < 8_000, `it took ${tookMs} ms`);
  });

  it('end a container whose first hook fails', async () => {
    await create(pod('fails', { command: IDLE, lifecycle: { postStart: { exec: { command: ['false'] } } } }));
    const told = 'FailedPostStartHook: PostStartHook failed';
    await until('the failure to be told', async () => (await events('fails')).includes(told));
    await remove('fails');
  });

  it('change nothing when the daemon is restarted or killed', async () => {
    for (const name of ['fails', 'hangs', 'rpc', 'host']) await untilGone(name);
    await untilReady('web', true);
    const ids = await runningIds(dockerd);
    const before = await get('web');
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await sampan.stop(signal);
      const asked = await askedFor('/ready');
      await sampan.start();
      await until('probes to be made again', async () => (await askedFor('/ready')) >= asked + 3);
    }
    const after = await get('web');
    assert.deepEqual(after.status, before.status);
    assert.equal(after.metadata.resourceVersion, before.metadata.resourceVersion);
    assert.deepEqual(await runningIds(dockerd), ids);
    assert.deepEqual(await endpoints(), [1, 0]);
  });
});
