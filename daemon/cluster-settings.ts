/**
 * What a node must know of its cluster and nobody should have to say twice: the masters' flags, as the API serves them to agents. A change
 * reaches a node when its agent starts again.
 */
import { parseIpv4Range } from '../reconcilers/kit/registry/ipv4-range.ts';
import type { PodNetworkMode } from '../reconcilers/ports/pod-routes.ts';
import type { ClusterConfig } from './config.ts';
import { DEFAULT_POD_NETWORK } from './pod-network.ts';

/** Named like the flags of `sampan run`. */
export interface ClusterSettings {
  readonly serviceClusterIPRange: string;
  readonly clusterCIDR: string;
  readonly podNetwork: PodNetworkMode;
  readonly nodePorts: { readonly first: number; readonly last: number };
  readonly clusterDomain: string;
  readonly clusterDNS: string;
  readonly isClusterDNSTold: boolean;
}

export function clusterSettings(config: ClusterConfig, clusterCIDR: string): ClusterSettings {
  const { serviceRange, podNetwork = DEFAULT_POD_NETWORK, nodePorts, dns } = config;
  return {
    serviceClusterIPRange: serviceRange.cidr,
    clusterCIDR,
    podNetwork,
    nodePorts,
    clusterDomain: dns.clusterDomain,
    clusterDNS: dns.clusterDns,
    isClusterDNSTold: dns.isTold,
  };
}

/** `resolvConf` is the node's own. */
export function clusterConfig(settings: ClusterSettings, resolvConf: string): ClusterConfig {
  const { clusterDomain, clusterDNS: clusterDns, isClusterDNSTold: isTold, podNetwork, nodePorts } = settings;
  return {
    serviceRange: parseIpv4Range(settings.serviceClusterIPRange),
    clusterCidr: parseIpv4Range(settings.clusterCIDR),
    podNetwork,
    nodePorts,
    dns: { clusterDomain, clusterDns, isTold, resolvConf },
  };
}
