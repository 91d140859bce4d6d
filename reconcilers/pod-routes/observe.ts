/** What the pod-routes loop reads: the nodes' addresses and those of their pods, from the cache; and what the machine has. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import { internalIP } from '../objects/cluster.ts';
import type { InstalledPodRoutes, PodNetworkMode, PodRoutes } from '../ports/pod-routes.ts';

export interface PodNetworkConfig {
  readonly nodeName: string;
  readonly nodeIP: string;
  readonly podNetwork: PodNetworkMode;
  readonly clusterCidr: string;
}

export interface PeerNode {
  readonly name: string;
  /** Absent until the masters have assigned it. */
  readonly podCidr?: string;
  /** Absent until the node has told it. */
  readonly nodeIP?: string;
}

export interface DesiredPodNetwork {
  readonly config: PodNetworkConfig;
  /** Absent: as for others. */
  readonly podCidr?: string;
  /** All other nodes, by name. */
  readonly peers: readonly PeerNode[];
}

export interface ObserveDeps {
  readonly cache: ReadOnlyCache;
  readonly routes: PodRoutes;
  readonly config: PodNetworkConfig;
}

export async function observe({
  cache,
  routes,
  config,
}: ObserveDeps): Promise<Observation<DesiredPodNetwork, InstalledPodRoutes>> {
  const observed = await routes.installed();
  // Read after the await: the newest.
  const podCidr = cache.get('Node', { namespace: '', name: config.nodeName })?.spec.podCIDR;
  const peers = cache
    .list('Node')
    .filter(({ metadata }) => metadata.name !== config.nodeName)
    .map((node): PeerNode => {
      const nodeIP = internalIP(node);
      const { podCIDR } = node.spec;
      return {
        name: node.metadata.name,
        ...(podCIDR !== undefined && { podCidr: podCIDR }),
        ...(nodeIP !== undefined && { nodeIP }),
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return { desired: { config, ...(podCidr !== undefined && { podCidr }), peers }, observed };
}
