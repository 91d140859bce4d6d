/** IPv4 ranges in CIDR notation, as numbers: what address allocation and routing compute with. Pure. */
import { SampanError } from '../../ports/errors.ts';

export interface Ipv4Range {
  readonly cidr: string;
  /** The network address as a 32-bit number. */
  readonly base: number;
  readonly size: number;
  readonly prefixLength: number;
}

/** Reads `10.96.0.0/16`; the address must be the network's own. Usage error otherwise. */
export function parseIpv4Range(cidr: string): Ipv4Range {
  const [address = '', length = ''] = cidr.split('/');
  const base = parseIpv4(address);
  const prefixLength = /^\d{1,2}$/.test(length) ? Number(length) : Number.NaN;
  if (base === undefined || !(prefixLength >= 8 && prefixLength <= 30)) {
    throw new SampanError('Usage', { detail: `expected an IPv4 range like 10.96.0.0/16 (/8 to /30), got "${cidr}"` });
  }
  const size = 2 ** (32 - prefixLength);
  if (base % size !== 0) {
    const network = formatIpv4(base - (base % size));
    throw new SampanError('Usage', {
      detail: `"${cidr}" has bits set beyond its prefix; did you mean ${network}/${prefixLength}?`,
    });
  }
  return { cidr, base, size, prefixLength };
}

/** The address at `index` of the range; 0 is the network address. */
export function addressAt(range: Ipv4Range, index: number): string {
  return formatIpv4(range.base + index);
}

/** A machine's own address on its pod network, as Docker's bridges have it: the first. */
export function gatewayOf(podCidr: string): string {
  return addressAt(parseIpv4Range(podCidr), 1);
}

export function inRange(range: Ipv4Range, address: string): boolean {
  const number = parseIpv4(address);
  return number !== undefined && number >= range.base && number < range.base + range.size;
}

/** Whether `block`, an address or a range of any size, is `cidr` or a part of it. */
export function coversBlock(cidr: string, block: string): boolean {
  const range = parseIpv4Range(cidr);
  const [address = '', length = '32'] = block.split('/');
  return inRange(range, address) && Number(length) >= range.prefixLength;
}

function parseIpv4(address: string): number | undefined {
  const parts = address.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255))
    return undefined;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

function formatIpv4(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
