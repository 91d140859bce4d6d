/**
 * This machine as a node: waits for Docker, opens what the node's loops stand on, and runs them. `sampan run` and `sampan agent` make one;
 * what is decided about pods is the loops' own.
 */
import { gatewayOf, parseIpv4Range } from '../reconcilers/kit/registry/ipv4-range.ts';
import type { PullObserver } from '../reconcilers/kubelet/images/image-pulls.ts';
import { sleep } from '../reconcilers/ports/clock.ts';
import { isSampanError, messageOf } from '../reconcilers/ports/errors.ts';
import type { PacketFilter } from '../reconcilers/ports/packet-filter.ts';
import type { TokenIssuer } from '../reconcilers/ports/token-issuer.ts';
import type { VolumeFiles } from '../reconcilers/ports/volume-files.ts';
import { DataDirClaimFolders } from './adapters/claim-folders.ts';
import type { DockerRuntime } from './adapters/docker-runtime/docker-runtime.ts';
import { FolderTerminationFiles } from './adapters/folder-termination-files.ts';
import { readHeadroom } from './adapters/headroom.ts';
import { HealthCheckServers } from './adapters/health-check-servers.ts';
import { FileImageLedger } from './adapters/image-ledger-file.ts';
import { KernelPodRoutes } from './adapters/kernel-network/pod-routes/kernel-pod-routes.ts';
import type { readMachine } from './adapters/machine.ts';
import { NetworkProber } from './adapters/network-prober/network-prober.ts';
import { nodeLoginsIn } from './adapters/node-logins.ts';
import { NodeNameFilesSource } from './adapters/node-names.ts';
import { type AssembledLoop, type Essentials, type NodeCore, type NodePorts, nodeLoops } from './assemble.ts';
import type { DataDir } from './cli/data-dir.ts';
import type { ClusterConfig } from './config.ts';
import type { DnsServer } from './dns/dns-server.ts';
import { nameServersOfPods, openNameServer } from './name-server.ts';
import type { NodeConfig } from './node-flags.ts';
import { openFilter, openVolumeFiles } from './open-adapters.ts';
import { type ChosenNetwork, choosePodNetwork } from './pod-network.ts';
import type { NodeServing } from './serve-node.ts';

/** Kubernetes' own limit per node. */
const MAX_PODS = 110;
const DOCKER_RETRY_MS = 500;

export interface LocalNodeDeps {
  readonly config: NodeConfig & ClusterConfig;
  readonly dataDir: DataDir;
  readonly core: NodeCore;
  readonly runtime: DockerRuntime;
  readonly machine: ReturnType<typeof readMachine>;
  readonly nodeIP: string;
  readonly version: string;
  /** The words that run this program: `node main.ts`. */
  readonly program: readonly string[];
  readonly onPull?: PullObserver;
}

/** What lets the node's pods reach the API, and the API the node's pods. */
export interface NodeAccess {
  readonly tokens: TokenIssuer;
  readonly serving: NodeServing;
  /** Told when the pod network is seen to be there: what serves pods may listen on its gateway. */
  readonly onNetwork?: (podCIDR: string) => void;
}

/** What the loops stand on that needs no object and no credential. */
interface Ground {
  readonly chosen: ChosenNetwork;
  readonly filter: PacketFilter;
  readonly files: VolumeFiles;
}

export class LocalNode {
  readonly #deps: LocalNodeDeps;
  #ground: Promise<Ground> | undefined;
  #loops: readonly AssembledLoop[] = [];
  #nameServer: DnsServer | undefined;

  constructor(deps: LocalNodeDeps) {
    this.#deps = deps;
  }

  /** Those that run; none before Docker has answered. */
  get loops(): readonly AssembledLoop[] {
    return this.#loops;
  }

  /** Begins with what needs nothing of the masters, so that Docker is asked while they start. What fails is `run`'s to tell. */
  prepare(signal: AbortSignal): void {
    this.#ground = this.#layGround(signal);
    this.#ground.catch(() => {});
  }

  async run(access: NodeAccess, signal: AbortSignal): Promise<void> {
    const { config, core, dataDir, program } = this.#deps;
    const ground = await (this.#ground ?? this.#layGround(signal));
    const { chosen } = ground;
    this.#nameServer = openNameServer(
      config,
      parseIpv4Range(chosen.clusterCidr),
      { path: dataDir.dnsPath, program },
      core,
    );
    const openForPods = (subnet: string) => this.#openForPods(subnet, access);
    if (chosen.existing !== undefined) openForPods(chosen.existing);
    const kubeletPort = await access.serving.open();
    this.#loops = this.#assemble(chosen, this.#ports(ground, access.tokens), openForPods, kubeletPort);
    await Promise.all(this.#loops.map((loop) => loop.run(signal)));
  }

  /** After `run` has ended. */
  async close(): Promise<void> {
    await this.#nameServer?.close();
  }

  async #layGround(signal: AbortSignal): Promise<Ground> {
    const { config, dataDir, core, runtime, nodeIP } = this.#deps;
    const asked = { ...config, nodeIP };
    const chosen = await untilDockerAnswers(() => choosePodNetwork(runtime, asked, core.log), core, signal);
    const [filter, files] = await Promise.all([
      openFilter(config, chosen.network.bridge, core),
      openVolumeFiles(dataDir, process.getuid?.()),
    ]);
    return { chosen, filter, files };
  }

  /** What pods reach on their network's gateway, once that is there: the cluster's DNS, and the API where it is served here. */
  #openForPods(subnet: string, { onNetwork }: NodeAccess): void {
    onNetwork?.(subnet);
    void this.#nameServer?.open(gatewayOf(subnet));
  }

  #ports({ filter, files }: Ground, tokens: TokenIssuer): NodePorts {
    const { config, dataDir, core, runtime } = this.#deps;
    return {
      runtime,
      prober: new NetworkProber(),
      filter,
      podRoutes: new KernelPodRoutes(core.log),
      ...(filter.mode !== 'none' && { healthChecks: new HealthCheckServers() }),
      files,
      claimFolders: new DataDirClaimFolders(dataDir.claimsPath),
      terminationFiles: new FolderTerminationFiles(dataDir.terminationPath),
      tokens,
      names: new NodeNameFilesSource({ resolvConf: config.dns.resolvConf }),
      ledger: new FileImageLedger(dataDir.imagesPath, core.log),
      logins: nodeLoginsIn(config.images.dockerConfig, core.log),
      nameServer: this.#nameServer,
      headroom: () => readHeadroom(config.dataDir),
    };
  }

  #assemble(
    { network, existing: _, ...addresses }: ChosenNetwork,
    ports: NodePorts,
    openForPods: (subnet: string) => void,
    kubeletPort: number | undefined,
  ): AssembledLoop[] {
    const { config, dataDir, core, machine, nodeIP, version, onPull } = this.#deps;
    const { kubeletPort: _asked, ...options } = config;
    return nodeLoops(core, ports, {
      ...options,
      ...(kubeletPort !== undefined && { kubeletPort }),
      ...machine,
      ...addresses,
      network,
      nodeIP,
      dns: { domain: config.dns.clusterDomain, servers: nameServersOfPods(config, process.getuid?.()) },
      seccompDir: dataDir.seccompPath,
      instance: dataDir.instance(),
      imageGarbage: config.images.garbage,
      maxPods: MAX_PODS,
      version,
      onNetwork: ({ subnet }) => openForPods(subnet),
      ...(onPull && { onPull }),
    });
  }
}

/** Docker may start after us: everything else goes on meanwhile. Rejects when `signal` aborts. */
async function untilDockerAnswers<T>(
  ask: () => Promise<T>,
  { clock, log }: Essentials,
  signal: AbortSignal,
): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await ask();
    } catch (error) {
      if (!isSampanError(error, 'RuntimeUnavailable')) throw error;
      if (failures === 0) log.error('waiting for Docker', { error: messageOf(error) });
      await sleep(clock, DOCKER_RETRY_MS, signal);
    }
  }
}
