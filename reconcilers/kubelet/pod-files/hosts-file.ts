/** A pod's /etc/hosts as Kubernetes writes it (pkg/kubelet/kubelet_pods.go, managedHostsFileContent). Pure. */
import type { HostAlias } from '../../objects/pod-names.ts';

export interface HostsFile {
  readonly hostname: string;
  /** Absent: the pod has no full name. */
  readonly domain?: string;
  readonly aliases?: readonly HostAlias[];
  /** The node's own file, of a pod on the node's network; its names are the node's. */
  readonly ofNode?: string;
}

const HEADER = '# Kubernetes-managed hosts file.\n';
const HEADER_ON_HOST_NETWORK = '# Kubernetes-managed hosts file (host network).\n';
const LOCAL = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
`;

/** `ip`: the pod's, which is not known before its pause container runs. */
export function hostsFileText({ hostname, domain, aliases = [], ofNode }: HostsFile, ip: string | undefined): string {
  if (ofNode !== undefined) return `${HEADER_ON_HOST_NETWORK}${ofNode}${aliasLines(aliases)}`;
  const names = domain === undefined ? hostname : `${hostname}.${domain}\t${hostname}`;
  const own = ip === undefined ? '' : `${ip}\t${names}\n`;
  return `${HEADER}${LOCAL}${own}${aliasLines(aliases)}`;
}

function aliasLines(aliases: readonly HostAlias[]): string {
  if (aliases.length === 0) return '';
  const lines = aliases.map(({ ip, hostnames = [] }) => `${[ip, ...hostnames].join('\t')}\n`);
  return `\n# Entries added by HostAliases.\n${lines.join('')}`;
}
