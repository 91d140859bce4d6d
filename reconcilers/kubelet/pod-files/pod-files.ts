/**
 * Which files a pod's containers get from the node beside its volumes, and what is in them: /etc/hosts and /etc/resolv.conf. Pure; a
 * part of the plan, carried out by pod-start.ts. /etc/hostname, and whatever is not named here, is Docker's file of the pause
 * container, which the containers that join its network share.
 */
import type { Container, Pod } from '../../objects/pod.ts';
import { podDomain, podHostname } from '../../objects/pod-names.ts';
import type { NodeFacts } from '../observation.ts';
import { type HostsFile, hostsFileText } from './hosts-file.ts';
import { parseResolvConf, podResolver, resolvConfText } from './resolv-conf.ts';

/** Where containers have them. */
export const POD_FILES = { hosts: '/etc/hosts', 'resolv.conf': '/etc/resolv.conf' } as const;

export type PodFileName = keyof typeof POD_FILES;

export interface PodFilesPlan {
  /** Absent: that of the node, which Docker gives to pods on its network. */
  readonly hosts?: HostsFile;
  /** Absent: Docker's own. */
  readonly resolvConf?: string;
  /** What did not fit into it, for people. */
  readonly omissions?: readonly string[];
}

export function podFiles(pod: Pod, node: NodeFacts): PodFilesPlan {
  const { domain: clusterDomain, servers } = clusterDnsOf(node);
  const { hostNetwork = false, hostAliases: aliases } = pod.spec;
  const domain = podDomain(pod, clusterDomain);
  const wantsHosts = !hostNetwork || aliases !== undefined;
  const { resolvConf = '', isDockers = true } = node.names ?? {};
  const resolver = podResolver(pod, { domain: clusterDomain, servers }, { ...parseResolvConf(resolvConf), isDockers });
  return {
    ...(wantsHosts && {
      hosts: {
        hostname: podHostname(pod),
        ...(domain !== undefined && { domain }),
        ...(aliases && { aliases }),
        ...(hostNetwork && { ofNode: node.names?.hosts ?? '' }),
      },
    }),
    ...(resolver && { resolvConf: resolvConfText(resolver) }),
    ...(resolver && resolver.omissions.length > 0 && { omissions: resolver.omissions }),
  };
}

/** The names of the files and their content. `ip`: the pod's, once it is known. */
export function podFileTexts({ hosts, resolvConf }: PodFilesPlan, ip: string | undefined): Map<PodFileName, string> {
  return new Map<PodFileName, string>([
    ...(hosts ? [['hosts', hostsFileText(hosts, ip)] as const] : []),
    ...(resolvConf === undefined ? [] : [['resolv.conf', resolvConf] as const]),
  ]);
}

/** Not those that the container mounts a volume over. */
export function filesOf({ volumeMounts = [] }: Container, { hosts, resolvConf }: PodFilesPlan): PodFileName[] {
  const names: PodFileName[] = [...(hosts ? ['hosts' as const] : []), ...(resolvConf ? ['resolv.conf' as const] : [])];
  const taken = new Set(volumeMounts.map(({ mountPath }) => mountPath.replace(/\/+/g, '/').replace(/(.)\/$/, '$1')));
  return names.filter((name) => !taken.has(POD_FILES[name]));
}

/** Daemons of before had no such flags. */
export function clusterDnsOf({ dns }: NodeFacts): NonNullable<NodeFacts['dns']> {
  return dns ?? { domain: 'cluster.local', servers: [] };
}
