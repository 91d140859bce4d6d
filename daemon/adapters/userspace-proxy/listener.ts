/** What the TCP and UDP listeners have in common: one address and port whose clients are passed on to endpoints. */
import type { Endpoint } from '../../../reconcilers/ports/packet-filter.ts';
import type { Random } from '../../../reconcilers/ports/random.ts';

export interface ListenAddress {
  /** A cluster address, or `0.0.0.0` for a node port. */
  readonly ip: string;
  readonly port: number;
}

export interface Listener {
  /** Resolves when it listens; rejects with the system's error (EADDRINUSE, EACCES). */
  open(address: ListenAddress): Promise<void>;
  /** Whom new connections go to from now on; at least one. */
  setEndpoints(endpoints: readonly Endpoint[]): void;
  /** Refuses new clients; TCP connections go on to their end. */
  close(): void;
}

export function pick(endpoints: readonly Endpoint[], random: Random): Endpoint | undefined {
  return endpoints[Math.floor(random.next() * endpoints.length)];
}
