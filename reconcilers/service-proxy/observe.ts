/** Reads what the service proxy plans from: all Services and Endpoints, what the packet filter has installed, and the pace. Writes nothing. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import type { Endpoints, Service } from '../objects/service.ts';
import type { Clock } from '../ports/clock.ts';
import type { ClusterNetwork, PacketFilter, RoutingTable } from '../ports/packet-filter.ts';
import type { Pace } from './pace.ts';

export interface DesiredRouting {
  readonly network: ClusterNetwork;
  readonly services: readonly Service[];
  readonly endpoints: readonly Endpoints[];
}

export interface ObservedRouting {
  /** Absent: nothing is installed, or not as it was. */
  readonly installed?: RoutingTable;
  /** Until then further endpoints may wait for more, milliseconds since the epoch. Absent: they need not. */
  readonly gatherUntil?: number;
}

export interface ObserveDeps {
  readonly cache: ReadOnlyCache;
  readonly filter: PacketFilter;
  readonly clock: Clock;
  /** Undefined until the node has its share of the cluster's addresses. */
  readonly network: () => ClusterNetwork | undefined;
}

export async function observe(deps: ObserveDeps, pace: Pace): Promise<Observation<DesiredRouting, ObservedRouting>> {
  const installed = await deps.filter.installed();
  // Read after the await: both kinds as of one revision, the newest.
  const network = deps.network();
  const { cache } = deps;
  return {
    desired: network && { network, services: cache.list('Service'), endpoints: cache.list('Endpoints') },
    observed: { ...(installed !== undefined && { installed }), gatherUntil: pace.gatherUntil(deps.clock.now()) },
  };
}
