/** A list of addresses as a cell shows it: `a,b,c + 4 more...`. Pure. */
import { joined } from './common-columns.ts';

/** More than these are counted, not listed. */
const LISTED = 3;

export function shownEndpoints(addresses: readonly string[]): string {
  const more = addresses.length - LISTED;
  return more > 0 ? `${addresses.slice(0, LISTED).join(',')} + ${more} more...` : joined(addresses);
}
