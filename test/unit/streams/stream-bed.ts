/** An API server over a fake runtime with one pod that runs, `web`: what the tests of the streaming subresources ask. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { ApiServer } from '../../../daemon/apiserver/server.ts';
import { SANDBOX } from '../../../reconcilers/kubelet/identity.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { nodeDeps, runPod } from '../../fakes/fake-node.ts';
import { FakeProcess } from '../../fakes/fake-process.ts';
import { FakeRuntime } from '../../fakes/fake-runtime.ts';
import { followedCache } from '../../fakes/followed-cache.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

export interface StreamBed {
  readonly cluster: TestCluster;
  readonly runtime: FakeRuntime;
  readonly log: CollectedLog;
  readonly socketPath: string;
  /** Of the pod's container `app`. */
  readonly appId: string;
  /** The pod's ends of those that were made to its port 80. */
  readonly connections: readonly Duplex[];
  /** For a WebSocket. */
  url(path: string): string;
  close(): Promise<void>;
}

export const POD = '/api/v1/namespaces/default/pods/web';

const copy = async (process: FakeProcess) => {
  for await (const data of process.stdin) process.write('stdout', data);
  return 0;
};

/** A server that sends back what it gets. */
export const echo = (connection: Duplex): void => {
  connection.on('error', () => {});
  connection.pipe(connection);
};

export const programs = {
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
  const { registry, clock } = cluster;
  const runtime = new FakeRuntime(cluster);
  const log = new CollectedLog();
  const connections: Duplex[] = [];
  const listed = (connection: Duplex) => {
    connections.push(connection);
    echo(connection);
  };
  runtime.addImage('pause', { servers: { 79: (connection) => void connection.end('bye'), 80: listed } });
  runtime.addImage('app', { programs, onAttach: copy });

  const { app = '' } = await runPod(cluster, runtime, 'web', { [SANDBOX]: 'pause', app: 'app' });

  const folder = mkdtempSync(join(tmpdir(), 'sampan-streams-'));
  const socketPath = join(folder, 'api.sock');
  const server = new ApiServer({
    client: registry,
    cache: followedCache(registry, clock),
    ...nodeDeps(cluster, runtime),
    diagnostics: () => ({}),
    version: '0.1.0',
    health: { live: [], ready: [] },
    clock,
    log,
  });
  await server.listen(socketPath);
  return {
    cluster,
    runtime,
    log,
    socketPath,
    appId: app,
    connections,
    url: (path) => `ws+unix:${socketPath}:${path}`,
    async close() {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}
