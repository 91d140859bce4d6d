/** Whether this machine's own routes lead to an address of another node's pods, by the kernel's table of IPv4 routes. */
import { readFileSync } from 'node:fs';
import { addressAt, type Ipv4Range, inRange, parseIpv4Range } from '../../reconcilers/kit/registry/ipv4-range.ts';

/** RTF_REJECT: a route that says there is none. */
const REJECT = 0x0200;

export interface PodAddresses {
  readonly clusterCidr: Ipv4Range;
  /** This node's share of them, as far as it is known. */
  readonly podCIDR: string | undefined;
}

/** The text of /proc/net/route; '' where there is none. */
export function readRoutes(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8');
  } catch {
    return '';
  }
}

/**
 * `routes`: as {@link readRoutes}. A route to more than the pods' addresses is not of the pod network: it ends at some gateway that knows
 * nothing of pods. And nodes that are on Docker's default bridge all have the same addresses: ours are not the other's.
 */
export function leadsToPod(routes: string, address: string, { clusterCidr, podCIDR }: PodAddresses): boolean {
  if (podCIDR !== undefined && inRange(parseIpv4Range(podCIDR), address)) return false;
  return routes
    .split('\n')
    .slice(1)
    .some((line) => {
      const [, destination = '', , flags = '', , , , mask = ''] = line.trim().split(/\s+/);
      const route = rangeOf(destination, mask);
      return (
        route !== undefined &&
        (Number.parseInt(flags, 16) & REJECT) === 0 &&
        route.prefixLength >= clusterCidr.prefixLength &&
        inRange(clusterCidr, addressAt(route, 0)) &&
        inRange(route, address)
      );
    });
}

/** Of two numbers as the kernel prints them: in hex, the first byte last. */
function rangeOf(destination: string, mask: string): Ipv4Range | undefined {
  if (!/^[\dA-F]{8}$/i.test(destination) || !/^[\dA-F]{8}$/i.test(mask)) return undefined;
  const base = Buffer.from(destination, 'hex').readUInt32LE();
  const size = 2 ** 32 - Buffer.from(mask, 'hex').readUInt32LE();
  const prefixLength = 32 - Math.log2(size);
  return { cidr: `${destination}/${mask}`, base, size, prefixLength };
}
