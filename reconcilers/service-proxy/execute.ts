/** Carries out the service proxy's actions through the packet filter and the health check ports. Decides nothing. */
import type { Executors } from '../kit/reconciler.ts';
import type { HealthCheckPorts } from '../ports/health-check-ports.ts';
import type { PacketFilter } from '../ports/packet-filter.ts';
import type { ServiceProxyAction } from './actions.ts';

export function createExecutors(deps: {
  readonly filter: PacketFilter;
  readonly healthChecks?: HealthCheckPorts;
}): Executors<ServiceProxyAction> {
  return {
    'apply-routes': ({ table }) => deps.filter.apply(table),
    'serve-health-checks': async ({ checks }) => deps.healthChecks?.serve(checks),
  };
}
