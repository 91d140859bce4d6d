/**
 * Which master a node asks first, and which next. The agent takes its servers in this order: the same for a node each time, another for
 * each, so that all nodes together ask all masters, and those of a master that is gone go to all the others. Pure.
 */
import { createHash } from 'node:crypto';

/** Rendezvous hashing: the order in which lots fall that are drawn of each node and server. */
export function serversInOrder(servers: readonly string[], nodeName: string): string[] {
  const lot = (server: string) => createHash('sha256').update(`${nodeName} ${server}`).digest('hex');
  return [...new Set(servers)].sort((a, b) => (lot(a) < lot(b) ? -1 : 1));
}
