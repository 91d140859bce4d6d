/** All the node loop's reads: from the cache, from what the runtime watch has heard, and what the machine has left; no round trip. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import type { Node } from '../objects/cluster.ts';
import { NODE_LEASE_NAMESPACE } from '../objects/cluster.ts';
import type { ReadHeadroom } from '../ports/headroom.ts';
import type { NameServer } from '../ports/name-server.ts';
import type { NodeConfig } from './config.ts';
import type { NodeObservation } from './observation.ts';
import type { RuntimeWatch } from './runtime-watch.ts';

export interface ObserveDeps {
  readonly cache: ReadOnlyCache;
  readonly watch: RuntimeWatch;
  readonly config: NodeConfig;
  readonly nameServer?: NameServer | undefined;
  readonly headroom?: ReadHeadroom | undefined;
}

export function observeNode({
  cache,
  watch,
  config,
  nameServer,
  headroom,
}: ObserveDeps): Observation<Node, NodeObservation> {
  const lease = cache.get('Lease', { namespace: NODE_LEASE_NAMESPACE, name: config.nodeName });
  const left = headroom?.();
  const said =
    nameServer === undefined ? '' : nameServer.place && `${nameServer.place.address}:${nameServer.place.port}`;
  return {
    desired: cache.get('Node', { namespace: '', name: config.nodeName }),
    observed: {
      synced: cache.revision > 0,
      config,
      ...(lease && { lease }),
      leaseNamespaceExists: cache.get('Namespace', { namespace: '', name: NODE_LEASE_NAMESPACE }) !== undefined,
      runtime: watch.facts,
      ...(left && { headroom: left }),
      ...(said !== undefined && { nameServer: said }),
    },
  };
}
