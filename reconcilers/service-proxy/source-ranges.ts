/** From where a load balancer's address may be used: the CIDR blocks of its Service, cleared up so that none lies in another. Pure. */
import { BlockList, isIPv4 } from 'node:net';
import type { ServiceSpec } from '../objects/service.ts';
import { ANNOTATION_SOURCE_RANGES } from '../objects/validation-service-balancer.ts';

/** Undefined: from everywhere. Empty: from nowhere, as only blocks of IPv6 are named and nothing here has IPv6. */
export function sourcesOf(
  { loadBalancerSourceRanges = [] }: Pick<ServiceSpec, 'loadBalancerSourceRanges'>,
  annotations: Readonly<Record<string, string>> | undefined,
): string[] | undefined {
  const annotated = annotations?.[ANNOTATION_SOURCE_RANGES]?.split(',') ?? [];
  const listed = loadBalancerSourceRanges.length > 0 ? loadBalancerSourceRanges : annotated;
  const ranges = listed.map((range) => range.trim()).filter((range) => range !== '');
  if (ranges.length === 0) return undefined;
  const blocks = ranges.flatMap(blockOf).sort((a, b) => a.length - b.length || a.network - b.network);
  if (blocks.some(({ length }) => length === 0)) return undefined;
  const wider = new BlockList();
  return blocks.flatMap(({ network, length }) => {
    const address = textOf(network);
    if (wider.check(address)) return [];
    wider.addSubnet(address, length);
    return [`${address}/${length}`];
  });
}

interface Block {
  readonly network: number;
  readonly length: number;
}

/** Without the bits beyond the prefix; none for IPv6. */
function blockOf(range: string): Block[] {
  const [address = '', length = ''] = range.split('/');
  if (!isIPv4(address)) return [];
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(length));
  return [{ network: number - (number % size), length: Number(length) }];
}

function textOf(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
