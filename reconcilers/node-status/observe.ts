/** All the node loop's reads: from the cache and from what the runtime watch has heard; no round trip. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import type { Node } from '../objects/cluster.ts';
import type { NodeConfig } from './config.ts';
import type { NodeObservation } from './observation.ts';
import { LEASE_NAMESPACE } from './plan.ts';
import type { RuntimeWatch } from './runtime-watch.ts';

export interface ObserveDeps {
  readonly cache: ReadOnlyCache;
  readonly watch: RuntimeWatch;
  readonly config: NodeConfig;
}

export function observeNode({ cache, watch, config }: ObserveDeps): Observation<Node, NodeObservation> {
  const lease = cache.get('Lease', { namespace: LEASE_NAMESPACE, name: config.nodeName });
  return {
    desired: cache.get('Node', { namespace: '', name: config.nodeName }),
    observed: {
      synced: cache.revision > 0,
      config,
      ...(lease && { lease }),
      leaseNamespaceExists: cache.get('Namespace', { namespace: '', name: LEASE_NAMESPACE }) !== undefined,
      runtime: watch.facts,
    },
  };
}
