/** The flags of `sampan agent`: where the masters are, and what it shows them the first time. config.ts asks here. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { serverUrls } from './flag-values.ts';
import { type NodeConfig, type NodeFlags, nodeConfig, nodeOptions } from './node-flags.ts';

export interface AgentConfig extends NodeConfig {
  /** `https://10.0.0.1:6443`; at least one. */
  readonly servers: readonly string[];
  /** Not needed any more once the node has its certificate. */
  readonly tokenFile?: string;
  readonly caFile?: string;
  readonly resolvConf: string;
}

export interface AgentFlags extends NodeFlags {
  server: string[];
  tokenFile?: string;
  caFile?: string;
  resolvConf: string;
}

export function agentOptions(command: Command): Command {
  command
    .requiredOption(
      '--server <urls>',
      'the masters, comma-separated: https://10.0.0.1:6443; each node begins with another one',
      serverUrls,
    )
    .option('--token-file <file>', 'holds what `sampan token create` printed; read until the node has a certificate')
    .option('--ca-file <file>', 'who signed the masters’ certificates, where the token does not say it')
    .option(
      '--resolv-conf <file>',
      'names the servers that are asked for names outside the cluster',
      '/etc/resolv.conf',
    );
  return nodeOptions(command);
}

export function agentConfig({ server, tokenFile, caFile, resolvConf, ...flags }: AgentFlags): AgentConfig {
  return {
    ...nodeConfig(flags),
    servers: server,
    ...(tokenFile !== undefined && { tokenFile: resolve(tokenFile) }),
    ...(caFile !== undefined && { caFile: resolve(caFile) }),
    resolvConf,
  };
}
