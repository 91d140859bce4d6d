/** What the service proxy can do: hand over a complete routing table, and what the health check ports say. Planned by plan.ts, carried out by execute.ts. */
import type { HealthCheck } from '../ports/health-check-ports.ts';
import type { RoutingTable } from '../ports/packet-filter.ts';

export type ServiceProxyAction =
  | { readonly kind: 'apply-routes'; readonly table: RoutingTable }
  | { readonly kind: 'serve-health-checks'; readonly checks: readonly HealthCheck[] };
