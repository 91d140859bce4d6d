/** Reads what the service proxy plans from: all Services and EndpointSlices, what is installed and served, and the pace. Writes nothing. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import type { EndpointSlice } from '../objects/kinds/endpoint-slice.ts';
import type { Service } from '../objects/service.ts';
import type { Clock } from '../ports/clock.ts';
import type { HealthCheck, HealthCheckPorts } from '../ports/health-check-ports.ts';
import type { ClusterNetwork, PacketFilter, RoutingTable } from '../ports/packet-filter.ts';
import type { Pace } from './pace.ts';
import type { Here } from './service-endpoints.ts';

const LABEL_ZONE = 'topology.kubernetes.io/zone';

export interface DesiredRouting {
  readonly network: ClusterNetwork;
  readonly here: Here;
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
}

export interface ObservedRouting {
  /** Absent: nothing is installed, or not as it was. */
  readonly installed?: RoutingTable;
  /** Those that are served; absent: it is not our business. */
  readonly healthChecks?: readonly HealthCheck[];
  /** Until then further endpoints may wait for more, milliseconds since the epoch. Absent: they need not. */
  readonly gatherUntil?: number;
}

export interface ObserveDeps {
  readonly cache: ReadOnlyCache;
  readonly filter: PacketFilter;
  /** Absent where somebody else proxies, and answers. */
  readonly healthChecks?: HealthCheckPorts;
  readonly clock: Clock;
  readonly nodeName: string;
  /** Undefined until the node has its share of the cluster's addresses. */
  readonly network: () => ClusterNetwork | undefined;
}

export async function observe(deps: ObserveDeps, pace: Pace): Promise<Observation<DesiredRouting, ObservedRouting>> {
  const installed = await deps.filter.installed();
  // Read after the await: all kinds as of one revision, the newest.
  const network = deps.network();
  const { cache, nodeName } = deps;
  const here = { node: nodeName, zones: zonesOf(cache) };
  return {
    desired: network && { network, here, services: cache.list('Service'), slices: cache.list('EndpointSlice') },
    observed: {
      ...(installed !== undefined && { installed }),
      ...(deps.healthChecks && { healthChecks: deps.healthChecks.served }),
      gatherUntil: pace.gatherUntil(deps.clock.now()),
    },
  };
}

function zonesOf(cache: ReadOnlyCache): Here['zones'] {
  const zoned = cache.list('Node').map(({ metadata }) => [metadata.name, metadata.labels?.[LABEL_ZONE]] as const);
  return Object.fromEntries(zoned.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
