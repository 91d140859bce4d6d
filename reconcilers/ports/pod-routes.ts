/**
 * How this machine's packets get to the pods of other nodes, and theirs to its own: routes, with a tunnel below where nodes are not on one
 * segment, and a firewall that lets them pass as they are. The pod-routes loop keeps it; the kernel's is the only real one.
 *
 * Errors: PodRoutesFailed.
 */

/** `none`: somebody else does it. */
export const POD_NETWORK_MODES = ['host-gw', 'vxlan', 'none'] as const;
export type PodNetworkMode = (typeof POD_NETWORK_MODES)[number];

/** Another node's pods, and where that node is reached. */
export interface PodRoute {
  readonly podCidr: string;
  readonly nodeIP: string;
}

/** What all routes of this node stand on. */
export interface PodTransport {
  readonly mode: Exclude<PodNetworkMode, 'none'>;
  readonly nodeIP: string;
  /** This node's pods, and all pods. */
  readonly podCidr: string;
  readonly clusterCidr: string;
}

export interface InstalledPodRoutes {
  /** Absent: there is none, or it is not whole. */
  readonly transport?: PodTransport;
  /** Ours, each CIDR once. Of one that is not whole `nodeIP` is ''. */
  readonly routes: readonly PodRoute[];
  /** Addresses and blocks of them that lead elsewhere from this machine, by routes that are not ours. */
  readonly taken: readonly string[];
}

export interface RouteChanges {
  readonly added: readonly PodRoute[];
  /** Those that are there otherwise, or by halves. */
  readonly changed: readonly PodRoute[];
  readonly removed: readonly PodRoute[];
}

export interface PodRoutes {
  /** As the machine has it now, whoever made it. */
  installed(): Promise<InstalledPodRoutes>;
  /** Makes the transport the one there is. Routes of another one may be gone afterwards. */
  prepare(transport: PodTransport): Promise<void>;
  /** All that can be done is done, also where one route cannot; that one is then the error. Nobody else's route is ever replaced. */
  change(transport: PodTransport, changes: RouteChanges): Promise<void>;
  /** Yields when somebody else may have changed something; ends when `signal` aborts. Never throws. */
  disturbances(signal: AbortSignal): AsyncIterable<void>;
  /** Removes everything it, or an earlier process, ever made. */
  remove(): Promise<void>;
}
