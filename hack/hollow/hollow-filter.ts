/** A packet filter that keeps the last table, and no packet meets it. */
import type { RoutingTable } from '../../reconcilers/ports/packet-filter.ts';
import { FakePacketFilter } from '../../test/fakes/fake-packet-filter.ts';

export class HollowFilter extends FakePacketFilter {
  override async apply(table: RoutingTable): Promise<void> {
    await super.apply(table);
    this.applied.length = 0;
  }
}
