/**
 * Opens what says who may use the API: certificates, token file, RBAC file, audit log. `sampan run` calls it once, at the start, and
 * hands the outcome to the API server.
 */
import { readFileSync, rmSync } from 'node:fs';
import { addressAt } from '../reconcilers/kit/registry/ipv4-range.ts';
import { SampanError } from '../reconcilers/ports/errors.ts';
import { AuditFile } from './adapters/audit-file.ts';
import { Certificates } from './adapters/certificates/certificates.ts';
import { pemOf } from './adapters/certificates/certified-key.ts';
import { readSecretFile, writeSecretFile } from './adapters/certificates/secret-file.ts';
import { isWildcard, servingNames } from './adapters/certificates/serving-names.ts';
import { InFlight } from './apiserver/access/in-flight.ts';
import { NodeAuthorizer } from './apiserver/access/node-authorizer.ts';
import { BUILT_IN } from './apiserver/access/rbac/built-in.ts';
import { RbacAuthorizer } from './apiserver/access/rbac/rbac-authorizer.ts';
import { parseRbacFile } from './apiserver/access/rbac/rbac-file.ts';
import { type Existing, ServiceAccountTokens } from './apiserver/access/service-account-tokens.ts';
import { staticTokens } from './apiserver/access/static-tokens.ts';
import type { Access } from './apiserver/pipeline.ts';
import type { ApiServer } from './apiserver/server.ts';
import type { Core } from './assemble.ts';
import type { RunConfig } from './config.ts';
import { kubeconfigOf } from './kubeconfig.ts';

export interface OpenedAccess extends Access {
  readonly accounts: ServiceAccountTokens;
  readonly certificates: Certificates;
  readonly auditFile?: AuditFile;
}

export interface AccessPlace {
  readonly pkiPath: string;
  readonly hostname: string;
  readonly nodeIP: string;
}

/** Usage error where a file named by a flag cannot be used; CertificateUnusable where one in the data dir is damaged. */
export async function openAccess(
  config: RunConfig,
  { pkiPath: folder, hostname, nodeIP }: AccessPlace,
  core: Core,
): Promise<OpenedAccess> {
  const { api } = config;
  const { bindAddress } = api;
  const serviceIP = addressAt(config.serviceRange, 1);
  const names = servingNames({ hostname, nodeIP, bindAddress, serviceIP, extraNames: api.tlsNames });
  const certificates = await Certificates.open({ folder, names }, core);
  const accounts = new ServiceAccountTokens(
    { key: certificates.serviceAccountKey, issuer: api.serviceAccountIssuer },
    { clock: core.clock, existing: existingIn(core) },
  );
  const policy = api.rbacFile === undefined ? undefined : parseRbacFile(readFlagFile(api.rbacFile), api.rbacFile);
  const roles = [...BUILT_IN.roles, ...(policy?.roles ?? [])];
  const bindings = [...BUILT_IN.bindings, ...(policy?.bindings ?? [])];
  const podsByNode = core.cache.index('Pod', ({ spec }) => (spec.nodeName === undefined ? [] : [spec.nodeName]));
  const auditFile = api.audit && new AuditFile(api.audit, core);
  return {
    certificates,
    tokens: api.tokenFile === undefined ? [] : [staticTokens(readFlagFile(api.tokenFile), api.tokenFile)],
    accounts,
    authorizer: new NodeAuthorizer(new RbacAuthorizer(() => ({ roles, bindings })), (node) => podsByNode.get(node)),
    inFlight: new InFlight({ reads: api.maxReads, writes: api.maxWrites, streams: api.maxStreams }),
    hosts: new Set(names),
    ...(auditFile && { auditFile, audit: (event) => auditFile.write(event) }),
  };
}

/**
 * Listens for HTTPS where the flags say so, and keeps the certificates and the kubeconfig fresh until `signal` aborts. Resolves when it
 * listens, with what ends at the signal.
 */
export async function serveTls(
  server: ApiServer,
  certificates: Certificates,
  { bindAddress, securePort }: RunConfig['api'],
  kubeconfigPath: string,
  signal: AbortSignal,
): Promise<{ ended: Promise<void> }> {
  if (securePort === 0) {
    rmSync(kubeconfigPath, { force: true });
    return { ended: Promise.resolve() };
  }
  const identity = () => ({
    ...pemOf(certificates.serving),
    authority: pemOf(certificates.authority).certificate,
  });
  const listener = await server
    .listenOnTls({ host: bindAddress, port: securePort, ...identity() })
    .catch((cause: unknown) => {
      const detail = `cannot serve the API on ${bindAddress}:${securePort}; choose another --secure-port (0: none) or --bind-address`;
      throw new SampanError('Usage', { detail }, cause);
    });
  const writeKubeconfig = () => {
    const { authority, admin } = certificates;
    const text = kubeconfigOf({ server: urlOf(bindAddress, securePort), authority, client: admin, user: 'admin' });
    if (readSecretFile(kubeconfigPath) !== text) writeSecretFile(kubeconfigPath, text);
  };
  writeKubeconfig();
  const onRenewed = () => {
    listener.renew(identity());
    writeKubeconfig();
  };
  return { ended: certificates.keepRenewed(onRenewed, signal) };
}

/** Where pods and other machines reach the API through the Service `kubernetes`; undefined where only this machine can. */
export function apiEndpoint(
  { bindAddress, securePort: port }: RunConfig['api'],
  nodeIP: string,
): { readonly addresses: readonly string[]; readonly port: number } | undefined {
  if (port === 0 || bindAddress.startsWith('127.') || bindAddress === '::1') return undefined;
  return { addresses: [isWildcard(bindAddress) ? nodeIP : bindAddress], port };
}

/** As this machine itself reaches it. */
function urlOf(bindAddress: string, port: number): string {
  const host = isWildcard(bindAddress) ? '127.0.0.1' : bindAddress;
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function readFlagFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SampanError('Usage', { detail: `cannot read ${path}` }, cause);
  }
}

/** From memory; what was made a moment ago, and is not there yet, from the store. */
function existingIn({ cache, client }: Core): Existing {
  return async (kind, key) => (cache.get(kind, key) ?? (await client.get(kind, key)))?.metadata;
}
