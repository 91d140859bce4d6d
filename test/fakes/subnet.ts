/** The arithmetic of IPv4 subnets that the fake runtime hands addresses out by. Pure. */

/** The first address that is free, after the bridge's own: as often as possible one that another container had before. */
export function firstFreeAddress(subnet: string, taken: ReadonlySet<string>): string | undefined {
  const { start, end } = range(subnet);
  for (let address = start + 2; address < end - 1; address++) {
    if (!taken.has(toAddress(address))) return toAddress(address);
  }
  return undefined;
}

/** Whether two subnets have an address in common. */
export function overlap(one: string, other: string): boolean {
  const [first, second] = [range(one), range(other)];
  return first.start < second.end && second.start < first.end;
}

function range(subnet: string): { start: number; end: number } {
  const [base = '', bits = '32'] = subnet.split('/');
  const start = base.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return { start, end: start + 2 ** (32 - Number(bits)) };
}

function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
}
