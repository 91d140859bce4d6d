/** The flags of `sampan run` that say what names pods and Services have, and who answers for them; by the kubelet's names. */
import type { Command } from 'commander';
import { addressAt, type Ipv4Range, inRange } from '../reconcilers/kit/registry/ipv4-range.ts';
import { domainName, ipv4Address } from './flag-values.ts';

/** Kubernetes' installers all give the cluster's DNS this one of the Services' addresses. */
const DNS_ADDRESS_INDEX = 10;

export interface DnsConfig {
  /** What the names of Services end with: `cluster.local`. */
  readonly clusterDomain: string;
  /** Where pods ask for names. */
  readonly clusterDns: string;
  /** Whether that address was given. */
  readonly isTold: boolean;
  /** Names the servers that are asked for all other names. */
  readonly resolvConf: string;
}

export interface DnsFlags {
  clusterDomain: string;
  clusterDns?: string;
  resolvConf: string;
}

export function dnsOptions(command: Command): Command {
  return command
    .option('--cluster-domain <domain>', 'what the names of Services end with', domainName, 'cluster.local')
    .option(
      '--cluster-dns <ip>',
      "where pods ask for names; default: the tenth of the Services' addresses",
      ipv4Address,
    )
    .option('--resolv-conf <file>', 'names the servers that are asked for all other names', '/etc/resolv.conf');
}

export function dnsConfig(flags: DnsFlags, serviceRange: Ipv4Range): DnsConfig {
  // A range that is smaller than that ends before.
  const index = Math.min(DNS_ADDRESS_INDEX, serviceRange.size - 2);
  const { clusterDomain, clusterDns = addressAt(serviceRange, index), resolvConf } = flags;
  return { clusterDomain, clusterDns, isTold: flags.clusterDns !== undefined, resolvConf };
}

/** The address of our own DNS servers; undefined where pods are sent to somebody else's, outside of the Services' addresses. */
export function dnsServiceIP({ clusterDns }: DnsConfig, serviceRange: Ipv4Range): string | undefined {
  return inRange(serviceRange, clusterDns) ? clusterDns : undefined;
}
