/**
 * An API server on one node, `here`, and another node, `there`, with a server of its own over real TLS and a fake runtime in which the pod
 * `web` runs: what the tests of the way from the one to the other ask.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CertifiedKey, pemOf } from '../../../daemon/adapters/certificates/certified-key.ts';
import { issueAuthority, issueCertificate } from '../../../daemon/adapters/certificates/issue.ts';
import { ApiServer } from '../../../daemon/apiserver/server.ts';
import { NodeServer } from '../../../daemon/node-server/server.ts';
import type { TlsIdentity } from '../../../daemon/serving/listeners.ts';
import { SANDBOX } from '../../../reconcilers/kubelet/identity.ts';
import type { Node } from '../../../reconcilers/objects/cluster.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { type NodeDeps, nodeDeps, nodeRequests, runPod } from '../../fakes/fake-node.ts';
import { FakeRuntime } from '../../fakes/fake-runtime.ts';
import { followedCache } from '../../fakes/followed-cache.ts';
import { createTestCluster, type TestCluster } from '../../fakes/test-cluster.ts';
import { echo, programs } from './stream-bed.ts';

export const THERE = 'there';
const YEAR_MS = 365 * 86_400_000;

export interface RelayBed {
  readonly cluster: TestCluster;
  /** Of the node `there`. */
  readonly runtime: FakeRuntime;
  readonly node: NodeServer;
  readonly nodePort: number;
  readonly deps: NodeDeps;
  readonly log: CollectedLog;
  readonly socketPath: string;
  /** Of the pod's container `app`. */
  readonly appId: string;
  /** For a WebSocket. */
  url(path: string): string;
  /** A certificate and its key, of the cluster's authority, for both ends of a connection or one. */
  identity(commonName: string, organizations: readonly string[], usage: 'server' | 'client'): Promise<TlsIdentity>;
  /** What the Node object `there` says. */
  tell(status: Node['status']): Promise<void>;
  close(): Promise<void>;
}

export interface RelayBedOptions {
  /** Whose certificate the node shows; its own without this. */
  readonly shownBy?: { readonly name: string; readonly groups: readonly string[] };
  /** What the API server shows. */
  readonly shows?: { readonly name: string; readonly groups: readonly string[] };
}

export async function createRelayBed(options: RelayBedOptions = {}): Promise<RelayBed> {
  const { shownBy = { name: `system:node:${THERE}`, groups: ['system:nodes'] } } = options;
  const { shows = { name: 'kube-apiserver-kubelet-client', groups: ['system:masters'] } } = options;
  const cluster = await createTestCluster();
  const { registry, clock } = cluster;
  // Good for both times: the bed's, which stands, and the machine's, which TLS looks at.
  const validity = { notBefore: new Date(clock.now() - YEAR_MS), notAfter: new Date(Date.now() + YEAR_MS) };
  const authority = await issueAuthority('test', validity);
  const identityOf = (pair: CertifiedKey) => ({ ...pemOf(pair), authority: pemOf(authority).certificate });
  const identity: RelayBed['identity'] = async (commonName, organizations, usage) =>
    identityOf(await issueCertificate({ commonName, organizations, usage }, validity, authority));

  const log = new CollectedLog();
  const runtime = new FakeRuntime(cluster);
  runtime.addImage('pause', { servers: { 79: (connection) => void connection.end('bye'), 80: echo } });
  runtime.addImage('app', { programs, onAttach: programs.copy });
  const ids = await runPod(cluster, runtime, 'web', { [SANDBOX]: 'pause', app: 'app' }, '127.0.0.1', THERE);

  const node = new NodeServer({ service: nodeRequests(THERE, cluster, runtime), clock, log });
  const shown = await identity(shownBy.name, shownBy.groups, 'server');
  const nodePort = await node.listen({ host: '127.0.0.1', port: 0, ...shown });
  const object = { apiVersion: 'v1', kind: 'Node', metadata: { name: THERE }, spec: {}, status: {} } as const;
  await registry.create('Node', object);
  const tell = async (status: Node['status']) => {
    const stored = await registry.get('Node', { namespace: '', name: THERE });
    if (stored !== undefined) await registry.updateStatus('Node', { ...stored, status });
  };
  await tell({
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: nodePort } },
    conditions: [{ type: 'Ready', status: 'True' }],
  });

  const deps = nodeDeps(cluster, new FakeRuntime(cluster), await identity(shows.name, shows.groups, 'client'));
  const server = new ApiServer({
    client: registry,
    cache: followedCache(registry, clock),
    ...deps,
    leadsToPod: () => false,
    diagnostics: () => ({}),
    version: '0.1.0',
    health: { live: [], ready: [] },
    clock,
    log,
  });
  const folder = mkdtempSync(join(tmpdir(), 'sampan-relay-'));
  const socketPath = join(folder, 'api.sock');
  await server.listen(socketPath);
  return {
    ...{ cluster, runtime, node, nodePort, deps, log, socketPath, identity, tell },
    appId: ids.app ?? '',
    url: (path) => `ws+unix:${socketPath}:${path}`,
    async close() {
      await server.close();
      await node.close();
      rmSync(folder, { recursive: true });
    },
  };
}
