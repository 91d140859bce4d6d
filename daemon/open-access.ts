/**
 * Opens what says who may use the API: certificates, token file, RBAC file, audit log. `sampan run` calls it once, at the start, and
 * hands the outcome to the API server.
 */
import { readFileSync } from 'node:fs';
import { addressAt } from '../reconcilers/kit/registry/ipv4-range.ts';
import { SampanError } from '../reconcilers/ports/errors.ts';
import { AuditFile } from './adapters/audit-file.ts';
import { Certificates } from './adapters/certificates/certificates.ts';
import { servingNames } from './adapters/certificates/serving-names.ts';
import { bootstrapTokens } from './apiserver/access/bootstrap-tokens.ts';
import { InFlight } from './apiserver/access/in-flight.ts';
import { NodeAuthorizer } from './apiserver/access/node-authorizer.ts';
import { NodeScope } from './apiserver/access/node-scope.ts';
import { BUILT_IN } from './apiserver/access/rbac/built-in.ts';
import { RbacAuthorizer } from './apiserver/access/rbac/rbac-authorizer.ts';
import { parseRbacFile } from './apiserver/access/rbac/rbac-file.ts';
import { type Existing, ServiceAccountTokens } from './apiserver/access/service-account-tokens.ts';
import { staticTokens } from './apiserver/access/static-tokens.ts';
import { NodeCertificates } from './apiserver/node-certificates/node-certificates.ts';
import type { Access } from './apiserver/pipeline.ts';
import type { Core } from './assemble.ts';
import type { RunConfig } from './config.ts';
import type { SharedAuthority } from './shared-authority.ts';

export interface OpenedAccess extends Access {
  readonly accounts: ServiceAccountTokens;
  readonly certificates: Certificates;
  readonly auditFile?: AuditFile;
}

export interface AccessPlace {
  readonly pkiPath: string;
  readonly hostname: string;
  readonly nodeIP: string;
  /** Absent: there are no other masters. */
  readonly shared?: SharedAuthority;
}

/** Usage error where a file named by a flag cannot be used; CertificateUnusable where one in the data dir is damaged. */
export async function openAccess(
  config: RunConfig,
  { pkiPath: folder, hostname, nodeIP, shared }: AccessPlace,
  core: Core,
  signal: AbortSignal,
): Promise<OpenedAccess> {
  const { api } = config;
  const { bindAddress } = api;
  const serviceIP = addressAt(config.serviceRange, 1);
  const names = servingNames({ hostname, nodeIP, bindAddress, serviceIP, extraNames: api.tlsNames });
  const open = () => Certificates.open({ folder, names, nodeName: config.nodeName }, core);
  const certificates = await (shared === undefined ? open() : shared.open(open, signal));
  const accounts = new ServiceAccountTokens(
    { key: certificates.serviceAccountKey, issuer: api.serviceAccountIssuer },
    { clock: core.clock, existing: existingIn(core) },
  );
  const policy = api.rbacFile === undefined ? undefined : parseRbacFile(readFlagFile(api.rbacFile), api.rbacFile);
  const roles = [...BUILT_IN.roles, ...(policy?.roles ?? [])];
  const bindings = [...BUILT_IN.bindings, ...(policy?.bindings ?? [])];
  const hosts = new Set(names);
  const auditFile = api.audit && new AuditFile(api.audit, core);
  return {
    certificates,
    tokens: [
      ...(api.tokenFile === undefined ? [] : [staticTokens(readFlagFile(api.tokenFile), api.tokenFile)]),
      bootstrapTokens(core),
    ],
    accounts,
    authorizer: new NodeAuthorizer(new RbacAuthorizer(() => ({ roles, bindings })), new NodeScope(core.cache)),
    inFlight: new InFlight({ reads: api.maxReads, writes: api.maxWrites, streams: api.maxStreams }),
    nodeCertificates: new NodeCertificates({ ...core, hosts, signer: certificates }),
    hosts,
    ...(auditFile && { auditFile, audit: (event) => auditFile.write(event) }),
  };
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
