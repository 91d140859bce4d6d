/** The packet filter of `--proxy-mode none`: Services are not routed on this node. It only remembers what it was given. */
import { once } from 'node:events';
import type { PacketFilter, RoutingTable } from '../../reconcilers/ports/packet-filter.ts';

export class NoPacketFilter implements PacketFilter {
  readonly mode = 'none';
  #table: RoutingTable | undefined;

  async installed(): Promise<RoutingTable | undefined> {
    return this.#table;
  }

  async apply(table: RoutingTable): Promise<void> {
    this.#table = table;
  }

  async *disturbances(signal: AbortSignal): AsyncGenerator<void, void> {
    if (!signal.aborted) await once(signal, 'abort');
  }

  async remove(): Promise<void> {
    this.#table = undefined;
  }
}
