/**
 * All wiring, by hand, on one page: which loops run here, over which adapters. `sampan run` calls it with the real ones, scenarios
 * with fakes; nothing else makes a loop.
 */
import { createBootstrapTokensLoop } from '../reconcilers/bootstrap-tokens/index.ts';
import { createClusterBootstrapLoop } from '../reconcilers/cluster-bootstrap/index.ts';
import type { ClusterOptions } from '../reconcilers/cluster-bootstrap/wanted.ts';
import { createClusterDnsLoop } from '../reconcilers/cluster-dns/index.ts';
import { createDisruptionLoop } from '../reconcilers/disruption/index.ts';
import { createEndpointSlicesLoop } from '../reconcilers/endpoint-slices/index.ts';
import { createEndpointsLoop } from '../reconcilers/endpoints/index.ts';
import { createEphemeralClaimsLoop } from '../reconcilers/ephemeral-claims/index.ts';
import { createGarbageCollectorLoop } from '../reconcilers/garbage-collector/index.ts';
import { createImageGarbageLoop } from '../reconcilers/image-garbage/index.ts';
import type { ImageGarbagePolicy } from '../reconcilers/image-garbage/observation.ts';
import { type EventRecorder, StoredEventRecorder } from '../reconcilers/kit/event-recorder.ts';
import { ObjectCache } from '../reconcilers/kit/object-cache.ts';
import { readYourWrites, registryReadYourWrites } from '../reconcilers/kit/read-your-writes.ts';
import type { Loop } from '../reconcilers/kit/reconciler.ts';
import { standardAdmissions } from '../reconcilers/kit/registry/admission/standard.ts';
import { addressAt, type Ipv4Range } from '../reconcilers/kit/registry/ipv4-range.ts';
import { Registry } from '../reconcilers/kit/registry/registry.ts';
import { RunLoop, type RunLoopOptions } from '../reconcilers/kit/run-loop.ts';
import type { KubeletConfig } from '../reconcilers/kubelet/config.ts';
import { LABEL_INSTANCE } from '../reconcilers/kubelet/identity.ts';
import type { PullObserver } from '../reconcilers/kubelet/images/image-pulls.ts';
import { createKubeletLoop } from '../reconcilers/kubelet/index.ts';
import { createLocalProvisionerLoop } from '../reconcilers/local-provisioner/index.ts';
import { type ConfiguredSource, createManifestSyncLoop } from '../reconcilers/manifest-sync/index.ts';
import { createNamespaceLoop } from '../reconcilers/namespace/index.ts';
import { createNodeLifecycleLoop } from '../reconcilers/node-lifecycle/index.ts';
import type { NodeConfig } from '../reconcilers/node-status/config.ts';
import { createNodeStatusLoop } from '../reconcilers/node-status/index.ts';
import { CACHED_KINDS, PASSING_KINDS } from '../reconcilers/objects/kinds.ts';
import { NODE_KINDS } from '../reconcilers/objects/node-view.ts';
import { LOCAL_PROVISIONER } from '../reconcilers/objects/volume-binding.ts';
import { createPodNetworkLoop } from '../reconcilers/pod-network/index.ts';
import { createPodRoutesLoop } from '../reconcilers/pod-routes/index.ts';
import type { ClaimFolders } from '../reconcilers/ports/claim-folders.ts';
import type { Clock } from '../reconcilers/ports/clock.ts';
import type { ContainerRuntime, PodNetwork } from '../reconcilers/ports/container-runtime.ts';
import type { ReadHeadroom } from '../reconcilers/ports/headroom.ts';
import type { HealthCheckPorts } from '../reconcilers/ports/health-check-ports.ts';
import type { ImageLedger } from '../reconcilers/ports/image-ledger.ts';
import type { Log } from '../reconcilers/ports/log.ts';
import type { SnapshotArchive } from '../reconcilers/ports/manifest-source.ts';
import type { NameServer } from '../reconcilers/ports/name-server.ts';
import type { NodeLogins } from '../reconcilers/ports/node-logins.ts';
import type { NodeNamesSource } from '../reconcilers/ports/node-names.ts';
import type { ObjectClient, RegistryClient } from '../reconcilers/ports/object-client.ts';
import { type ClusterNetwork, type PacketFilter, routesTo } from '../reconcilers/ports/packet-filter.ts';
import type { PodNetworkMode, PodRoutes } from '../reconcilers/ports/pod-routes.ts';
import type { Prober } from '../reconcilers/ports/prober.ts';
import type { Random } from '../reconcilers/ports/random.ts';
import type { Store } from '../reconcilers/ports/store.ts';
import type { TerminationFiles } from '../reconcilers/ports/termination-files.ts';
import type { TokenIssuer } from '../reconcilers/ports/token-issuer.ts';
import type { VolumeFiles } from '../reconcilers/ports/volume-files.ts';
import { createReplicationLoop } from '../reconcilers/replication/index.ts';
import { createResourceQuotaLoop } from '../reconcilers/resource-quota/index.ts';
import { createSchedulerLoop } from '../reconcilers/scheduler/index.ts';
import { createServiceAccountsLoop } from '../reconcilers/service-accounts/index.ts';
import { createServiceProxyLoop } from '../reconcilers/service-proxy/index.ts';
import { createVolumeBinderLoop } from '../reconcilers/volume-binder/index.ts';

export interface Essentials {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What the loops of a node work on: a cache of the objects, and the client that waits for it. */
export interface NodeCore extends Essentials {
  readonly cache: ObjectCache;
  readonly client: ObjectClient;
  /** Waits for nothing. */
  readonly direct: ObjectClient;
  readonly host: string;
  /** Those of the loops; what they gathered last is written by {@link flushEvents}. */
  readonly recorders: StoredEventRecorder[];
}

/** The same in the process of a master: the registry over the store, and the cache that follows it. */
export interface Core extends NodeCore {
  readonly direct: Registry;
  readonly client: RegistryClient;
}

export interface CoreOptions {
  readonly serviceRange: Ipv4Range;
  readonly nodePorts: { readonly first: number; readonly last: number };
  /** The node's name, for events. */
  readonly host: string;
  /** Whether pods can reach the API server. */
  readonly isApiReachable: boolean;
}

export function createCore(store: Store, options: CoreOptions, essentials: Essentials): Core {
  // Admission reads what the cache holds, and the cache follows the registry.
  const registry = registryOver(store, options, essentials, () => cache);
  const cache: ObjectCache = new ObjectCache(
    CACHED_KINDS,
    { client: registry, ...essentials },
    { passing: PASSING_KINDS },
  );
  return {
    ...essentials,
    direct: registry,
    cache,
    client: registryReadYourWrites(registry, cache),
    host: options.host,
    recorders: [],
  };
}

/** For a node without a store: `direct` is a client of the API, and tells what the node sees. */
export function createNodeCore(direct: ObjectClient, host: string, essentials: Essentials): NodeCore {
  const cache = new ObjectCache(NODE_KINDS, { client: direct, ...essentials });
  return { ...essentials, direct, cache, client: readYourWrites(direct, cache), host, recorders: [] };
}

/** The same, for the loops of a leader: reads come from the same cache, writes go to `fenced`. */
export function leaderCore(core: Core, fenced: Store, options: CoreOptions): Core {
  const registry = registryOver(fenced, options, core, () => core.cache);
  return { ...core, direct: registry, client: registryReadYourWrites(registry, core.cache), recorders: [] };
}

function registryOver(
  store: Store,
  options: CoreOptions,
  { random, clock }: Essentials,
  cache: () => ObjectCache,
): Registry {
  return new Registry({
    store,
    clock,
    random,
    admissions: standardAdmissions(options, { store, clock, random, cache }),
  });
}

/** An assembled loop, ready to run; its own types are nobody's business outside it. */
export type AssembledLoop = Pick<RunLoop<never, never, never>, 'name' | 'quiet' | 'run' | 'explain' | 'troubles'>;

export interface MasterOptions {
  readonly sources: readonly ConfiguredSource[];
  readonly archive: SnapshotArchive;
  readonly serviceRange: Ipv4Range;
  readonly clusterCidr: Ipv4Range;
  /** Where pods ask for names; absent where somebody else answers there. */
  readonly dnsServiceIP?: string | undefined;
  readonly nodeMonitorGraceMs: number;
  readonly podEvictionTimeoutMs: number;
  /** Where pods reach the API; undefined where they cannot. Asked again when the Node changes. */
  readonly apiServer: () => ClusterOptions['apiServer'] | undefined;
  /** Of the node beside, whose pod network the API may be served on. */
  readonly nodeName: string;
  /** The authority that signed the API server's certificate, in PEM; pods are told of it. */
  readonly authority: () => string | undefined;
}

/** The loops of a master: sources, controllers, scheduler. */
export function masterLoops(core: Core, options: MasterOptions): AssembledLoop[] {
  const { cache, client, clock } = core;
  return [
    runLoop(
      core,
      createClusterBootstrapLoop({
        client,
        cache,
        nodeName: options.nodeName,
        options: () => {
          const apiServer = options.apiServer();
          return {
            kubernetesServiceIP: addressAt(options.serviceRange, 1),
            ...(options.dnsServiceIP !== undefined && { dnsServiceIP: options.dnsServiceIP }),
            ...(apiServer && { apiServer }),
          };
        },
      }),
    ),
    runLoop(
      core,
      createManifestSyncLoop({
        cache,
        client,
        clock,
        log: core.log,
        events: eventsOf(core, 'manifest-sync'),
        archive: options.archive,
        sources: options.sources,
      }),
    ),
    runLoop(
      core,
      createVolumeBinderLoop({ client, cache, clock, events: eventsOf(core, 'persistentvolume-controller') }),
    ),
    runLoop(core, createEphemeralClaimsLoop({ client, cache })),
    runLoop(core, createReplicationLoop({ client, cache, clock, events: eventsOf(core, 'replication-controller') })),
    runLoop(core, createEndpointsLoop({ client, cache })),
    runLoop(core, createEndpointSlicesLoop({ client, cache })),
    runLoop(core, createSchedulerLoop({ client, cache, clock, events: eventsOf(core, 'default-scheduler') })),
    runLoop(
      core,
      createNodeLifecycleLoop({
        client,
        cache,
        clock,
        events: eventsOf(core, 'node-controller'),
        options: {
          clusterCidr: options.clusterCidr.cidr,
          nodeMonitorGracePeriodMs: options.nodeMonitorGraceMs,
          podEvictionTimeoutMs: options.podEvictionTimeoutMs,
        },
      }),
    ),
    ...(options.dnsServiceIP === undefined ? [] : [runLoop(core, createClusterDnsLoop({ client, cache }))]),
    runLoop(core, createBootstrapTokensLoop({ client, cache })),
    runLoop(core, createServiceAccountsLoop({ client, cache, authority: options.authority })),
    runLoop(core, createGarbageCollectorLoop({ client, cache })),
    runLoop(core, createNamespaceLoop({ client, cache })),
    runLoop(core, createResourceQuotaLoop({ client, cache, clock })),
    runLoop(core, createDisruptionLoop({ client, cache })),
  ];
}

export interface NodeOptions extends NodeConfig, KubeletConfig {
  readonly imageGarbage: ImageGarbagePolicy;
  readonly serviceRange: Ipv4Range;
  readonly clusterCidr: string;
  readonly podNetwork: PodNetworkMode;
  readonly onPull?: PullObserver;
  /** Told whenever the pod network is seen to be there. */
  readonly onNetwork?: (network: PodNetwork) => void;
}

export interface NodePorts {
  readonly runtime: ContainerRuntime;
  readonly prober: Prober;
  readonly filter: PacketFilter;
  readonly podRoutes: PodRoutes;
  /** Absent where somebody else proxies. */
  readonly healthChecks?: HealthCheckPorts;
  readonly files: VolumeFiles;
  readonly claimFolders: ClaimFolders;
  readonly terminationFiles: TerminationFiles;
  readonly tokens: TokenIssuer;
  readonly ledger: ImageLedger;
  readonly logins: NodeLogins;
  /** Absent where pods ask somebody else for names. */
  readonly nameServer?: NameServer | undefined;
  readonly names: NodeNamesSource;
  /** Absent: the node says nothing of pressure. */
  readonly headroom?: ReadHeadroom;
}

/** The loops of a node: kubelet, proxy, and what it tells of itself. */
export function nodeLoops(core: NodeCore, ports: NodePorts, options: NodeOptions): AssembledLoop[] {
  const { cache, client, clock } = core;
  const { filter, nameServer } = ports;
  const { nodeName, onNetwork = () => {} } = options;
  const deps = { ...ports, cache, client, clock };
  const serviceCidr = options.serviceRange.cidr;
  const network = (): ClusterNetwork | undefined => {
    const podCidr = cache.get('Node', { namespace: '', name: nodeName })?.spec.podCIDR;
    return podCidr === undefined ? undefined : { serviceCidr, podCidr, clusterCidr: options.clusterCidr };
  };
  return [
    // Docker's own default network is there, or nobody can make it.
    ...(options.podCIDR === undefined
      ? [runLoop(core, createPodNetworkLoop({ ...deps, nodeName, network: options.network, onNetwork }))]
      : []),
    runLoop(core, createPodRoutesLoop({ cache, routes: ports.podRoutes, config: options })),
    runLoop(core, createNodeStatusLoop({ ...deps, nameServer, config: options })),
    runLoop(
      core,
      createKubeletLoop({
        ...deps,
        events: eventsOf(core, 'kubelet'),
        log: core.log,
        config: options,
        isRouted: (ip) => routesTo(filter.table, ip),
        ...(options.onPull && { pullObserver: options.onPull }),
        onNetwork,
      }),
    ),
    runLoop(
      core,
      createImageGarbageLoop({
        ...deps,
        events: eventsOf(core, 'kubelet'),
        config: { ...options, containerLabel: `${LABEL_INSTANCE}=${options.instance}` },
      }),
    ),
    runLoop(core, createLocalProvisionerLoop({ ...deps, events: eventsOf(core, LOCAL_PROVISIONER), nodeName })),
    runLoop(core, createServiceProxyLoop({ ...deps, nodeName, network })),
  ];
}

function runLoop<D, O, A extends { readonly kind: string }>(
  core: NodeCore,
  loop: Loop<D, O, A>,
  options: RunLoopOptions = {},
): AssembledLoop {
  return new RunLoop(loop, core, options);
}

/** Writes the events that still wait; after the loops have ended, before the store is closed. */
export async function flushEvents({ recorders }: NodeCore): Promise<void> {
  await Promise.all(recorders.map((recorder) => recorder.flush()));
}

/** Events go past the read-your-writes client: no loop reads them. */
function eventsOf(core: NodeCore, component: string): EventRecorder {
  const { direct, clock, random, log, host } = core;
  const recorder = new StoredEventRecorder(component, host, { client: direct, clock, random, log });
  core.recorders.push(recorder);
  return recorder;
}
