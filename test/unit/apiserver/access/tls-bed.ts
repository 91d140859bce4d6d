/** An ApiServer over the memory store, served over real TLS on loopback, and clients of every kind for it. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Certificates, validityFrom } from '../../../../daemon/adapters/certificates/certificates.ts';
import { type CertifiedKey, pemOf } from '../../../../daemon/adapters/certificates/certified-key.ts';
import { issueCertificate } from '../../../../daemon/adapters/certificates/issue.ts';
import { servingNames } from '../../../../daemon/adapters/certificates/serving-names.ts';
import { systemClock } from '../../../../daemon/adapters/system-clock.ts';
import type { AuditEvent } from '../../../../daemon/apiserver/access/audit.ts';
import { bootstrapTokens } from '../../../../daemon/apiserver/access/bootstrap-tokens.ts';
import { DEFAULT_LIMITS, InFlight } from '../../../../daemon/apiserver/access/in-flight.ts';
import { NodeAuthorizer } from '../../../../daemon/apiserver/access/node-authorizer.ts';
import { NodeScope } from '../../../../daemon/apiserver/access/node-scope.ts';
import { BUILT_IN } from '../../../../daemon/apiserver/access/rbac/built-in.ts';
import { RbacAuthorizer } from '../../../../daemon/apiserver/access/rbac/rbac-authorizer.ts';
import { ServiceAccountTokens } from '../../../../daemon/apiserver/access/service-account-tokens.ts';
import { staticTokens } from '../../../../daemon/apiserver/access/static-tokens.ts';
import { NodeCertificates } from '../../../../daemon/apiserver/node-certificates/node-certificates.ts';
import { ApiServer } from '../../../../daemon/apiserver/server.ts';
import type { Patience, TlsListener } from '../../../../daemon/serving/listeners.ts';
import { registryReadYourWrites } from '../../../../reconcilers/kit/read-your-writes.ts';
import type { ObjectKey } from '../../../../reconcilers/objects/meta.ts';
import { CollectedLog } from '../../../fakes/collected-log.ts';
import { nodeDeps } from '../../../fakes/fake-node.ts';
import { followedCache } from '../../../fakes/followed-cache.ts';
import { createTestCluster, type TestCluster } from '../../../fakes/test-cluster.ts';

export const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const TOKENS = `admin-token,root,1,"system:masters"\nview-token,vera,2,view\nplain-token,paul,3\n`;

export interface Answer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body of a JSON answer. */
  readonly body: { readonly message?: string; readonly reason?: string; readonly [field: string]: unknown };
}

export interface Ask {
  readonly method?: string;
  readonly token?: string;
  readonly client?: CertifiedKey;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
}

export interface TlsBed {
  readonly cluster: TestCluster;
  readonly server: ApiServer;
  readonly listener: TlsListener;
  readonly certificates: Certificates;
  readonly accounts: ServiceAccountTokens;
  /** The ServiceAccounts, Pods and so on that tokens are bound to: kind/namespace/name to uid. */
  readonly existing: Map<string, string>;
  readonly inFlight: InFlight;
  readonly audit: AuditEvent[];
  readonly log: CollectedLog;
  readonly folder: string;
  ask(path: string, ask?: Ask): Promise<Answer>;
  client(commonName: string, organizations: readonly string[]): Promise<CertifiedKey>;
  close(): Promise<void>;
}

export async function createTlsBed(limits = DEFAULT_LIMITS, patience?: Patience): Promise<TlsBed> {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-tls-'));
  const cluster = await createTestCluster();
  const log = new CollectedLog();
  const names = servingNames({
    hostname: 'box',
    nodeIP: '127.0.0.1',
    bindAddress: '127.0.0.1',
    serviceIP: '10.96.0.1',
    extraNames: [],
  });
  // Real time: TLS stacks look at the machine's own clock.
  const deps = { clock: systemClock, log };
  const certificates = await Certificates.open({ folder: join(folder, 'pki'), names, nodeName: 'box' }, deps);
  const existing = new Map<string, string>();
  const accounts = new ServiceAccountTokens(
    { key: certificates.serviceAccountKey, issuer: ISSUER },
    {
      ...deps,
      existing: async (kind: string, { namespace, name }: ObjectKey) => {
        const uid = existing.get(`${kind}/${namespace}/${name}`);
        return uid === undefined ? undefined : { uid };
      },
    },
  );
  const inFlight = new InFlight(limits);
  const audit: AuditEvent[] = [];
  const cache = followedCache(cluster.registry, systemClock);
  const client = registryReadYourWrites(cluster.registry, cache);
  const hosts = new Set(names);
  const server = new ApiServer({
    client,
    cache,
    ...nodeDeps(cluster),
    diagnostics: () => ({}),
    nodeSettings: {},
    version: '0.1.0',
    health: { live: [], ready: [] },
    clock: systemClock,
    log,
    access: {
      tokens: [staticTokens(TOKENS, 'tokens.csv'), bootstrapTokens({ client, clock: systemClock })],
      accounts,
      authorizer: new NodeAuthorizer(new RbacAuthorizer(() => BUILT_IN), new NodeScope(cache)),
      inFlight,
      nodeCertificates: new NodeCertificates({ ...deps, client, cache, hosts, signer: certificates }),
      hosts,
      audit: (event) => audit.push(event),
    },
  });
  const { authority, serving } = certificates;
  const listener = await server.listenOnTls({
    host: '127.0.0.1',
    port: 0,
    ...pemOf(serving),
    authority: pemOf(authority).certificate,
    ...(patience && { patience }),
  });
  const url = `https://127.0.0.1:${listener.port}`;
  return {
    cluster,
    server,
    listener,
    certificates,
    accounts,
    existing,
    inFlight,
    audit,
    log,
    folder,
    ask: (path, options) => ask(`${url}${path}`, pemOf(authority).certificate, options),
    client: (commonName, organizations) =>
      issueCertificate({ commonName, organizations, usage: 'client' }, validityFrom(Date.now()), authority),
    close: async () => {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** One request on a connection of its own. */
function ask(url: string, ca: string, { method = 'GET', token, client, headers, body }: Ask = {}): Promise<Answer> {
  const identity = client && { cert: pemOf(client).certificate, key: pemOf(client).key };
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const options = {
      method,
      ca,
      agent: false,
      servername: 'localhost',
      headers: { ...authorization, ...headers },
      ...identity,
    } as const;
    const sent = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = response.headers['content-type'] === 'application/json';
        resolve({
          code: response.statusCode ?? 0,
          headers: response.headers,
          text,
          body: isJson ? JSON.parse(text) : {},
        });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
