/** The flags of `sampan run` that say where the API is served and who may use it; by Kubernetes' names where it has them. */
import type { Command } from 'commander';
import { DEFAULT_ISSUER } from './apiserver/access/issuer.ts';
import { ipAddress, megabytes, names, port, positiveNumber, wholeNumber } from './flag-values.ts';

export interface ApiConfig {
  readonly bindAddress: string;
  /** 0: only the unix socket. */
  readonly securePort: number;
  readonly tlsNames: readonly string[];
  readonly tokenFile?: string;
  readonly rbacFile?: string;
  readonly serviceAccountIssuer: string;
  readonly maxReads: number;
  readonly maxWrites: number;
  readonly maxStreams: number;
  readonly audit?: { readonly path: string; readonly maxBytes: number; readonly maxBackups: number };
}

export interface ApiFlags {
  bindAddress: string;
  securePort: number;
  tlsSan: string[];
  tokenAuthFile?: string;
  authorizationRbacFile?: string;
  serviceAccountIssuer: string;
  maxRequestsInflight: number;
  maxMutatingRequestsInflight: number;
  maxStreams: number;
  auditLogPath?: string;
  auditLogMaxsize: number;
  auditLogMaxbackup: number;
}

export function apiOptions(command: Command): Command {
  return command
    .option('--bind-address <ip>', 'where the API is served', ipAddress, '127.0.0.1')
    .option('--secure-port <port>', 'its HTTPS port; 0: only the unix socket in the data dir', port, 6443)
    .option('--tls-san <names>', 'further names and addresses by which clients reach it, comma-separated', names, [])
    .option('--token-auth-file <file>', 'bearer tokens: lines of token,user,uid,"group1,group2"')
    .option('--authorization-rbac-file <file>', 'Roles, ClusterRoles and their bindings, beside the built-in ones')
    .option('--service-account-issuer <url>', 'who ServiceAccount tokens say they are from', DEFAULT_ISSUER)
    .option('--max-requests-inflight <count>', 'requests at once that change nothing', positiveNumber, 400)
    .option('--max-mutating-requests-inflight <count>', 'requests at once that change something', positiveNumber, 200)
    .option('--max-streams <count>', 'watches, logs, execs and the like at once', positiveNumber, 1_000)
    .option('--audit-log-path <file>', 'who changed what, as JSON lines')
    .option('--audit-log-maxsize <megabytes>', 'then the file is moved aside', megabytes, megabytes('100'))
    .option('--audit-log-maxbackup <count>', 'of those moved aside, so many are kept; 0: all', wholeNumber, 10);
}

export function apiConfig(flags: ApiFlags): ApiConfig {
  const { auditLogPath: path, tokenAuthFile, authorizationRbacFile } = flags;
  return {
    bindAddress: flags.bindAddress,
    securePort: flags.securePort,
    tlsNames: flags.tlsSan,
    ...(tokenAuthFile !== undefined && { tokenFile: tokenAuthFile }),
    ...(authorizationRbacFile !== undefined && { rbacFile: authorizationRbacFile }),
    serviceAccountIssuer: flags.serviceAccountIssuer,
    maxReads: flags.maxRequestsInflight,
    maxWrites: flags.maxMutatingRequestsInflight,
    maxStreams: flags.maxStreams,
    ...(path !== undefined && {
      audit: { path, maxBytes: flags.auditLogMaxsize, maxBackups: flags.auditLogMaxbackup },
    }),
  };
}
