/**
 * The API server over a memory store, on TLS and a loopback port: what kubectl is run against, as administrator. No loop runs, no container starts: a test sees
 * what the API answers, and writes through `cluster.registry` what a loop would have written. The clock stands.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Certificates, validityFrom } from '../../../daemon/adapters/certificates/certificates.ts';
import { pemOf } from '../../../daemon/adapters/certificates/certified-key.ts';
import { issueCertificate } from '../../../daemon/adapters/certificates/issue.ts';
import { systemClock } from '../../../daemon/adapters/system-clock.ts';
import { ApiServer } from '../../../daemon/apiserver/server.ts';
import { kubeconfigOf } from '../../../daemon/kubeconfig.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { nodeDeps } from '../../fakes/fake-node.ts';
import { FakeRuntime } from '../../fakes/fake-runtime.ts';
import { followedCache } from '../../fakes/followed-cache.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';

export interface ApiBed {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  /** The administrator's, as text. */
  readonly kubeconfig: string;
  readonly certificates: Certificates;
  readonly cluster: TestCluster;
  /** Of the one node, `here`. */
  readonly runtime: FakeRuntime;
  readonly log: CollectedLog;
  close(): Promise<void>;
}

export async function startApiBed(): Promise<ApiBed> {
  const cluster = await createTestCluster();
  const log = new CollectedLog();
  const runtime = new FakeRuntime(cluster);
  const server = new ApiServer({
    client: cluster.registry,
    cache: followedCache(cluster.registry, cluster.clock),
    ...nodeDeps(cluster, runtime),
    diagnostics: () => ({}),
    version: '0.1.0',
    health: { live: [], ready: [] },
    clock: cluster.clock,
    log,
  });
  const folder = mkdtempSync(join(tmpdir(), 'sampan-pki-'));
  const certificates = await Certificates.open(
    { folder, names: ['127.0.0.1'], nodeName: 'box' },
    { clock: systemClock, log },
  );
  const { authority, serving } = certificates;
  // Good for both times: the bed's, which stands, and the machine's, which TLS looks at.
  const validity = { ...validityFrom(Date.now()), notBefore: new Date(cluster.clock.now()) };
  const subject = { commonName: 'sampan:admin', organizations: ['system:masters'], usage: 'client' } as const;
  const admin = await issueCertificate(subject, validity, authority);
  const identity = { ...pemOf(serving), authority: pemOf(authority).certificate };
  const { port } = await server.listenOnTls({ host: '127.0.0.1', port: 0, ...identity });
  const url = `https://127.0.0.1:${port}`;
  const kubeconfig = kubeconfigOf({ server: url, authority, client: admin, user: 'admin' });
  const close = async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  };
  return { url, kubeconfig, certificates, cluster, runtime, log, close };
}
