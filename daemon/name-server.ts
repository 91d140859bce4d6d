/** The DNS of this node as the flags ask for it: whom pods are told to ask, and the server that answers them. `sampan run` calls it. */
import type { Ipv4Range } from '../reconcilers/kit/registry/ipv4-range.ts';
import type { NodeCore } from './assemble.ts';
import type { ClusterConfig } from './config.ts';
import { DnsServer } from './dns/dns-server.ts';
import { DnsStandby } from './dns/standby/dns-standby.ts';
import { StandbyFolder } from './dns/standby/standby-folder.ts';
import { dnsServiceIP } from './dns-flags.ts';
import type { NodeConfig } from './node-flags.ts';

export interface StandbyPlace {
  readonly path: string;
  /** The words that run this program. */
  readonly program: readonly string[];
}

/** Undefined where pods are sent to somebody else's. */
export function openNameServer(
  { dns, serviceRange }: ClusterConfig,
  podRange: Ipv4Range,
  { path, program }: StandbyPlace,
  core: NodeCore,
): DnsServer | undefined {
  if (dnsServiceIP(dns, serviceRange) === undefined) return undefined;
  const { clusterDomain, clusterDns, resolvConf } = dns;
  const ranges = [serviceRange, podRange];
  const settings = { clusterDomain, clusterDns, resolvConf, ranges: ranges.map(({ cidr }) => cidr) };
  const standby = new DnsStandby({ folder: new StandbyFolder(path), program, settings }, core);
  return new DnsServer({ ...dns, ranges }, { ...core, standby });
}

/**
 * What pods of dnsPolicy ClusterFirst have in their resolv.conf. None where no packet gets to a Service's address, unless somebody said
 * that it does: such pods ask where the node asks. `uid`: the daemon's user.
 */
export function nameServersOfPods(
  { dns, proxyMode }: Pick<ClusterConfig & NodeConfig, 'dns' | 'proxyMode'>,
  uid: number | undefined,
): readonly string[] {
  const isRouted = proxyMode === 'nftables' || (proxyMode === 'userspace' && uid === 0);
  return isRouted || dns.isTold ? [dns.clusterDns] : [];
}
