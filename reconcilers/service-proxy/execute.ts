/** Carries out the service proxy's actions through the packet filter. Decides nothing. */
import type { Executors } from '../kit/reconciler.ts';
import type { PacketFilter } from '../ports/packet-filter.ts';
import type { ServiceProxyAction } from './actions.ts';

export function createExecutors(filter: PacketFilter): Executors<ServiceProxyAction> {
  return {
    'apply-routes': ({ table }) => filter.apply(table),
  };
}
