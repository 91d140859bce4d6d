/**
 * The file descriptor of a socket that this process listens on, by which a child inherits it. Node tells no numbers; the kernel does, in
 * /proc (proc(5)): a table says which inode listens where, and a link of each open descriptor its inode. Reads only.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Server } from '../upstream/exchange.ts';

/** As net/tcp_states.h numbers them; an unconnected UDP socket counts as closed. */
const STATE = { tcp: '0A', udp: '07' } as const;

/** Undefined where this process has none. IPv4, as pod networks are. */
export function socketDescriptor(protocol: 'tcp' | 'udp', place: Server): number | undefined {
  const inodes = new Set(
    readFileSync(`/proc/self/net/${protocol}`, 'utf8')
      .split('\n')
      .map((row) => row.trim().split(/\s+/))
      .filter(([, local, , state]) => local === inHex(place) && state === STATE[protocol])
      .map(([, , , , , , , , , inode]) => `socket:[${inode}]`),
  );
  return readdirSync('/proc/self/fd')
    .map(Number)
    .find((descriptor) => inodes.has(linkOf(descriptor)));
}

/** As the table writes it: the address as a number of this machine's byte order, which is the smallest first. */
function inHex({ address, port }: Server): string {
  const bytes = address.split('.').reverse();
  const number = bytes.map((byte) => Number(byte).toString(16).padStart(2, '0')).join('');
  return `${number}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
}

/** It may have been closed since the list was made. */
function linkOf(descriptor: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return '';
  }
}
