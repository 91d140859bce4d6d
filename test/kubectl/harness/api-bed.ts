/**
 * The API server over a memory store on a loopback port: what kubectl is run against. No loop runs, no container starts: a test sees
 * what the API answers, and writes through `cluster.registry` what a loop would have written. The clock stands.
 */
import { ApiServer } from '../../../daemon/apiserver/server.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

export interface ApiBed {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly cluster: TestCluster;
  readonly log: CollectedLog;
  close(): Promise<void>;
}

export async function startApiBed(): Promise<ApiBed> {
  const cluster = await createTestCluster();
  const log = new CollectedLog();
  const server = new ApiServer({
    client: cluster.registry,
    podLogs: saysHello,
    diagnostics: () => ({}),
    version: '0.1.0',
    health: { live: [], ready: [] },
    clock: cluster.clock,
    log,
  });
  const port = await server.listenTcp('127.0.0.1', 0);
  return { url: `http://127.0.0.1:${port}`, cluster, log, close: () => server.close() };
}

async function* saysHello(_pod: unknown, container: string) {
  yield { stream: 'stdout' as const, data: Buffer.from(`${container} says hello\n`) };
}
