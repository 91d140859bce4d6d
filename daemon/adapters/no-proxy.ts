/** The packet filter of `--proxy-mode none`: Services are not routed on this node. It only remembers what it was given. */
import type { PacketFilter, RoutingTable } from '../../reconcilers/ports/packet-filter.ts';

export class NoProxy implements PacketFilter {
  readonly mode = 'none';
  table: RoutingTable | undefined;

  async installed(): Promise<RoutingTable | undefined> {
    return this.table;
  }

  async apply(table: RoutingTable): Promise<void> {
    this.table = table;
  }

  /** There is nothing to disturb. */
  async *disturbances(): AsyncGenerator<void, void> {}

  async remove(): Promise<void> {
    this.table = undefined;
  }
}
