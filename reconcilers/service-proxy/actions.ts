/** What the service proxy can do: hand the packet filter a complete routing table. Planned by plan.ts, carried out by execute.ts. */
import type { RoutingTable } from '../ports/packet-filter.ts';

export type ServiceProxyAction = { readonly kind: 'apply-routes'; readonly table: RoutingTable };
