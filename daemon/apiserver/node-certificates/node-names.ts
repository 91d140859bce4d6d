/**
 * For which names a node may be certified: its own, and addresses that nobody else has. The authority that signs them stands for the
 * API server too, so a node that got an address of a master could answer in its place.
 */
import { BlockList, isIP } from 'node:net';
import type { ReadOnlyCache } from '../../../reconcilers/kit/object-cache.ts';
import { dnsSubdomain } from '../../../reconcilers/objects/name-formats.ts';

const KUBERNETES_SERVICE = { namespace: 'default', name: 'kubernetes' };
/** As many as a machine with every kind of address has, and no list that takes long to sign. */
const MOST = 16;

/** As {@link canonical} writes those: the same machine by another word. */
const IPV4_IN_IPV6 = '[::ffff:';
const NO_MACHINES = new BlockList();
NO_MACHINES.addSubnet('0.0.0.0', 8);
NO_MACHINES.addSubnet('127.0.0.0', 8);
NO_MACHINES.addSubnet('224.0.0.0', 3);
NO_MACHINES.addAddress('::', 'ipv6');
NO_MACHINES.addAddress('::1', 'ipv6');
NO_MACHINES.addSubnet('ff00::', 8, 'ipv6');

export interface NodeNamesDeps {
  readonly cache: Pick<ReadOnlyCache, 'get' | 'list'>;
  /** Names and addresses of this API server, in lower case. */
  readonly hosts: ReadonlySet<string>;
}

/** What is wrong with it; undefined where nothing is. */
export function problemOfNames(node: string, names: readonly string[], deps: NodeNamesDeps): string | undefined {
  const [malformed] = dnsSubdomain(node);
  if (malformed !== undefined) return `"${node}" cannot be a node's name: ${malformed}`;
  if (names.length > MOST) return `more than ${MOST} names`;
  for (const name of new Set([node, ...names])) {
    const version = isIP(name);
    if (version === 0 && name !== node) return `"${name}" is not the node's name`;
    const isNone = version !== 0 && NO_MACHINES.check(name, version === 6 ? 'ipv6' : 'ipv4');
    if (isNone || canonical(name).startsWith(IPV4_IN_IPV6)) {
      return `${name} is no address by which a machine is reached`;
    }
    const holder = holderOf(name, node, deps);
    if (holder !== undefined) return `${name} is ${holder}'s`;
  }
  return undefined;
}

function holderOf(name: string, node: string, { cache, hosts }: NodeNamesDeps): string | undefined {
  const wanted = canonical(name);
  const isIt = (other: string) => canonical(other) === wanted;
  if ([...hosts].some(isIt)) return 'the API server';
  const endpoints = cache.get('Endpoints', KUBERNETES_SERVICE)?.subsets ?? [];
  if (endpoints.some(({ addresses = [] }) => addresses.some(({ ip }) => isIt(ip)))) return 'an API server';
  const other = cache.list('Node').find(({ metadata, status }) => {
    const isOther = metadata.name !== node;
    return isOther && status.addresses?.some(({ type, address }) => type !== 'Hostname' && isIt(address));
  });
  return other && `node "${other.metadata.name}"`;
}

/** One of the many ways to write an IPv6 address. */
function canonical(name: string): string {
  return isIP(name) === 6 ? new URL(`http://[${name}]`).hostname : name.toLowerCase();
}
