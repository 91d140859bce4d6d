/**
 * Where a pod asks for names: its /etc/resolv.conf by dnsPolicy and dnsConfig, as Kubernetes' kubelet makes it
 * (pkg/kubelet/network/dns/dns.go). Pure.
 */
import type { Pod } from '../../objects/pod.ts';
import type { PodDnsConfig } from '../../objects/pod-names.ts';
import { MAX_NAMESERVERS, MAX_SEARCH_CHARACTERS, MAX_SEARCHES } from '../../objects/validation-pod-names.ts';

export interface Resolver {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  /** `ndots:5`, `edns0`. */
  readonly options: readonly string[];
}

export interface ClusterDns {
  /** `cluster.local` */
  readonly domain: string;
  /** Empty: nobody answers for the cluster's names, and pods ask where the node asks. */
  readonly servers: readonly string[];
}

const EMPTY: Resolver = { servers: [], searches: [], options: [] };
const MAX_SEARCH_LENGTH = 253;

export interface PodResolver extends Resolver {
  /** What did not fit: the DNSConfigForming events' messages. */
  readonly omissions: readonly string[];
}

/**
 * Undefined where the file that Docker gives the pod says the same: that of the node, without the servers that only the node itself can
 * reach, kept up by Docker's own resolver on networks by name.
 */
export function podResolver(
  pod: Pod,
  cluster: ClusterDns,
  ofNode: Resolver & { readonly isDockers: boolean },
): PodResolver | undefined {
  const { dnsPolicy, dnsConfig, hostNetwork = false } = pod.spec;
  if (dnsPolicy === 'None') return fitting(extended(EMPTY, dnsConfig));
  const asksCluster = dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && !hostNetwork);
  if (asksCluster && cluster.servers.length > 0) {
    const { domain, servers } = cluster;
    const own = [`${pod.metadata.namespace}.svc.${domain}`, `svc.${domain}`, domain];
    const searches = [...new Set([...own, ...ofNode.searches])];
    return fitting(extended({ servers, searches, options: ['ndots:5'] }, dnsConfig));
  }
  return dnsConfig === undefined && ofNode.isDockers ? undefined : fitting(extended(ofNode, dnsConfig));
}

export function resolvConfText({ servers, searches, options }: Resolver): string {
  return [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}\n`] : []),
    ...servers.map((server) => `nameserver ${server}\n`),
    ...(options.length > 0 ? [`options ${options.join(' ')}\n`] : []),
  ].join('');
}

/** As the C library reads the file: servers add up, of the other lines the last one counts. */
export function parseResolvConf(text: string): Resolver {
  const servers: string[] = [];
  let searches: string[] = [];
  let options: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line.trim().split(/\s+/);
    if (keyword === 'nameserver' && values[0] !== undefined) servers.push(values[0]);
    if (keyword === 'search') searches = values.map((domain) => domain.replace(/(.)\.$/, '$1'));
    if (keyword === 'options') options = values;
  }
  return { servers, searches, options };
}

function extended(base: Resolver, { nameservers = [], searches = [], options = [] }: PodDnsConfig = {}): Resolver {
  const values = new Map(base.options.map((option) => splitOption(option)));
  for (const { name, value } of options) values.set(name, value ?? '');
  return {
    servers: [...new Set([...base.servers, ...nameservers])],
    searches: [...new Set([...base.searches, ...searches])],
    options: [...values].map(([name, value]) => (value === '' ? name : `${name}:${value}`)),
  };
}

function splitOption(option: string): [string, string] {
  const [name = '', ...value] = option.split(':');
  return [name, value.join(':')];
}

/** What the C library takes; the rest is left out, and said. */
function fitting({ servers, searches, options }: Resolver): PodResolver {
  const omissions: string[] = [];
  const [keptServers, keptSearches] = [servers.slice(0, MAX_NAMESERVERS), searchesThatFit(searches)];
  const applied = (what: string, line: readonly string[]) => `the applied ${what} line is: ${line.join(' ')}`;
  if (keptServers.length < servers.length) {
    const what = 'Nameserver limits were exceeded, some nameservers have been omitted';
    omissions.push(`${what}, ${applied('nameserver', keptServers)}`);
  }
  if (keptSearches.length < searches.length) {
    const what = 'Search Line limits were exceeded, some search paths have been omitted';
    omissions.push(`${what}, ${applied('search', keptSearches)}`);
  }
  return { servers: keptServers, searches: keptSearches, options, omissions };
}

function searchesThatFit(searches: readonly string[]): string[] {
  const kept = searches.slice(0, MAX_SEARCHES).filter(({ length }) => length <= MAX_SEARCH_LENGTH);
  while (kept.join(' ').length > MAX_SEARCH_CHARACTERS) kept.pop();
  return kept;
}
