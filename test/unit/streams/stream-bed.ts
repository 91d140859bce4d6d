/** An API server over a fake runtime with one pod that runs, `web`: what the tests of the streaming subresources ask. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { ApiServer } from '../../../daemon/apiserver/server.ts';
import { podLogsFrom } from '../../../daemon/pod-output.ts';
import { podRuntimeFrom } from '../../../daemon/pod-streams.ts';
import { containerLabels, SANDBOX } from '../../../reconcilers/kubelet/identity.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { FakeProcess } from '../../fakes/fake-process.ts';
import { FakeRuntime } from '../../fakes/fake-runtime.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

export interface StreamBed {
  readonly cluster: TestCluster;
  readonly runtime: FakeRuntime;
  readonly log: CollectedLog;
  readonly socketPath: string;
  /** Of the pod's container `app`. */
  readonly appId: string;
  /** For a WebSocket. */
  url(path: string): string;
  close(): Promise<void>;
}

export const POD = '/api/v1/namespaces/default/pods/web';

const copy = async (process: FakeProcess) => {
  for await (const data of process.stdin) process.write('stdout', data);
  return 0;
};

const programs = {
  copy,
  stay: FakeProcess.idle,
  fail: async (process: FakeProcess) => {
    process.write('stdout', 'out');
    process.write('stderr', 'err');
    return 3;
  },
  size: async (process: FakeProcess) => {
    for await (const _ of process.stdin) break;
    const { height, width } = process.sizes.at(-1) ?? {};
    process.write('stdout', `${height} ${width}`);
    return 0;
  },
};

export async function createStreamBed(): Promise<StreamBed> {
  const cluster = await createTestCluster();
  const { registry, clock, random } = cluster;
  const runtime = new FakeRuntime(cluster);
  const log = new CollectedLog();
  runtime.addImage('pause', { servers: { 80: (connection: Duplex) => void connection.pipe(connection) } });
  runtime.addImage('app', { programs, onAttach: copy });

  const { metadata } = await registry.create('Pod', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: { containers: [{ name: 'app', image: 'app' }] },
  } as never);
  await registry.bindPod({ namespace: 'default', name: 'web' }, metadata.uid, 'here');
  const start = async (container: string, image: string) => {
    const pod = { namespace: 'default', name: 'web', uid: metadata.uid };
    const identity = { pod, container, instance: 'test', attempt: 0, sandboxAttempt: 0, crashes: 0, graceSeconds: 1 };
    const labels = containerLabels({ ...identity, specHash: 'v1-x' });
    const id = await runtime.create({ name: container, image, labels, network: { kind: 'host' } });
    await runtime.start(id);
    return id;
  };
  await start(SANDBOX, 'pause');
  const appId = await start('app', 'app');

  const folder = mkdtempSync(join(tmpdir(), 'sampan-streams-'));
  const socketPath = join(folder, 'api.sock');
  const server = new ApiServer({
    client: registry,
    podLogs: podLogsFrom(runtime, 'test'),
    pods: podRuntimeFrom(runtime, { instance: 'test', nodeName: 'here' }),
    nodeName: 'here',
    random,
    diagnostics: () => ({}),
    clock,
    log,
  });
  await server.listen(socketPath);
  return {
    cluster,
    runtime,
    log,
    socketPath,
    appId,
    url: (path) => `ws+unix:${socketPath}:${path}`,
    async close() {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}
