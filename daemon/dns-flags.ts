/** The flags of `sampan run` that say what names pods and Services have, and who answers for them; by the kubelet's names. */
import type { Command } from 'commander';
import { addressAt, type Ipv4Range } from '../reconcilers/kit/registry/ipv4-range.ts';
import { domainName, ipv4Address } from './flag-values.ts';

/** Kubernetes' installers all give the cluster's DNS this one of the Services' addresses. */
const DNS_ADDRESS_INDEX = 10;

export interface DnsConfig {
  /** What the names of Services end with: `cluster.local`. */
  readonly clusterDomain: string;
  /** Where pods ask for names. */
  readonly clusterDns: string;
}

export interface DnsFlags {
  clusterDomain: string;
  clusterDns?: string;
}

export function dnsOptions(command: Command): Command {
  return command
    .option('--cluster-domain <domain>', 'what the names of Services end with', domainName, 'cluster.local')
    .option(
      '--cluster-dns <ip>',
      "where pods ask for names; default: the tenth of the Services' addresses",
      ipv4Address,
    );
}

export function dnsConfig(flags: DnsFlags, serviceRange: Ipv4Range): DnsConfig {
  // A range that is smaller than that ends before.
  const index = Math.min(DNS_ADDRESS_INDEX, serviceRange.size - 2);
  const { clusterDomain, clusterDns = addressAt(serviceRange, index) } = flags;
  return { clusterDomain, clusterDns };
}
