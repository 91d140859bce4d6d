/**
 * The process under measure: an API server over the embedded store and TLS, as `sampan run` wires it, without loops. Started by
 * ../api.ts, and asked over IPC for what only it can know.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Certificates } from '../../../daemon/adapters/certificates/certificates.ts';
import { pemOf } from '../../../daemon/adapters/certificates/certified-key.ts';
import { DockerRuntime } from '../../../daemon/adapters/docker-runtime/docker-runtime.ts';
import { SqliteStore } from '../../../daemon/adapters/sqlite-store/sqlite-store.ts';
import { systemClock } from '../../../daemon/adapters/system-clock.ts';
import { systemRandom } from '../../../daemon/adapters/system-random.ts';
import { InFlight } from '../../../daemon/apiserver/access/in-flight.ts';
import { BUILT_IN } from '../../../daemon/apiserver/access/rbac/built-in.ts';
import { RbacAuthorizer } from '../../../daemon/apiserver/access/rbac/rbac-authorizer.ts';
import { ServiceAccountTokens } from '../../../daemon/apiserver/access/service-account-tokens.ts';
import { staticTokens } from '../../../daemon/apiserver/access/static-tokens.ts';
import { Nodes } from '../../../daemon/apiserver/nodes/nodes.ts';
import { ApiServer } from '../../../daemon/apiserver/server.ts';
import { createCore } from '../../../daemon/assemble.ts';
import { NodeServing } from '../../../daemon/serve-node.ts';
import { parseIpv4Range } from '../../../reconcilers/kit/registry/ipv4-range.ts';
import type { Log } from '../../../reconcilers/ports/log.ts';
import { fillStore } from './fill-store.ts';
import { paced } from './pace.ts';
import { podName } from './pods.ts';
import { TimedStore } from './timed-store.ts';

export interface Ready {
  readonly port: number;
  readonly ca: string;
}

/** What the process knows of itself. */
export interface Report {
  readonly storeMs: number;
  readonly rssBytes: number;
  /** Of the store. */
  readonly revision: number;
}

export interface Churn {
  readonly perSecond: number;
  readonly seconds: number;
  readonly pods: number;
}

export interface ChurnReport {
  /** Revision and monotonic time of each commit. */
  readonly commits: readonly (readonly [number, number])[];
}

export type ServerOrder = 'report' | { readonly churn: Churn };

export const quiet: Log = { error: console.error, info: () => {}, debug: () => {}, with: () => quiet };

async function main(pods: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-bench-api-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'store.db');
  await fillStore(path, pods);
  const store = new TimedStore(new SqliteStore(path, systemClock));
  const essentials = { clock: systemClock, random: systemRandom, log: quiet };
  const options = {
    serviceRange: parseIpv4Range('10.96.0.0/16'),
    nodePorts: { first: 30_000, last: 32_767 },
    host: 'bench',
    isApiReachable: false,
  };
  const core = createCore(store, options, essentials);
  const certificates = await Certificates.open(
    { folder: join(folder, 'pki'), names: ['localhost', '127.0.0.1'], nodeName: 'bench' },
    essentials,
  );
  const ca = pemOf(certificates.authority).certificate;
  // Never asked: nothing here reads logs.
  const runtime = new DockerRuntime('unix:///nonexistent.sock');
  const place = { nodeName: 'bench', instance: 'bench', nodeIP: '127.0.0.1', kubeletPort: 0 };
  const identity = { ...pemOf(certificates.node), authority: ca };
  const { service } = new NodeServing(place, identity, { ...core, runtime });
  const server = new ApiServer({
    client: core.client,
    cache: core.cache,
    nodes: new Nodes({ ...core, own: { name: 'bench', service }, identity }),
    leadsToPod: () => true,
    random: systemRandom,
    diagnostics: () => ({}),
    version: '0.1.0',
    health: { live: [], ready: [] },
    clock: systemClock,
    log: quiet,
    access: {
      tokens: [staticTokens('bench-token,root,1,"system:masters"\n', 'tokens.csv')],
      accounts: new ServiceAccountTokens(
        { key: certificates.serviceAccountKey, issuer: 'https://kubernetes.default.svc' },
        { clock: systemClock, existing: async () => undefined },
      ),
      authorizer: new RbacAuthorizer(() => BUILT_IN),
      inFlight: new InFlight(),
      hosts: new Set(['localhost', '127.0.0.1']),
    },
  });
  void core.cache.run(new AbortController().signal);
  const { port = 0 } = await server.listenOnTls({
    host: '127.0.0.1',
    port: 0,
    ...pemOf(certificates.serving),
    authority: ca,
  });

  process.on('message', async (order: ServerOrder) => {
    if (order === 'report') {
      (globalThis as { gc?: () => void }).gc?.();
      const { rss: rssBytes } = process.memoryUsage();
      process.send?.({ storeMs: store.spentMs, rssBytes, revision: core.cache.revision } satisfies Report);
      return;
    }
    store.committedAt.clear();
    const { perSecond, seconds, pods: changed } = order.churn;
    await paced(perSecond, seconds, (index) =>
      core.direct.modify('Pod', { namespace: 'default', name: podName(index % changed) }, (pod) => ({
        ...pod,
        metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, turn: `${performance.now()}` } },
      })),
    );
    process.send?.({ commits: [...store.committedAt] } satisfies ChurnReport);
  });
  process.on('disconnect', () => process.exit());
  process.send?.({ port, ca } satisfies Ready);
}

if (import.meta.main) await main(Number(process.argv[2]));
