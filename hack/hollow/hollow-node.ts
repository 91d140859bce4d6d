/**
 * A node without a machine: the loops of `sampan agent`, wired as it wires them, over a container runtime and a packet filter that only
 * remember. What it says to the API servers, and what they say to it, is real.
 */
import { ApiObjectClient } from '../../daemon/adapters/api-client/api-object-client.ts';
import type { ApiServers } from '../../daemon/adapters/api-client/api-servers.ts';
import { apiTokenIssuer } from '../../daemon/adapters/api-client/api-token-issuer.ts';
import { NodeFeedClient } from '../../daemon/adapters/api-client/node-feed-client.ts';
import { createNodeCore, type Essentials, flushEvents, type NodeCore, nodeLoops } from '../../daemon/assemble.ts';
import { type ClusterSettings, clusterConfig } from '../../daemon/cluster-settings.ts';
import { OWN_NETWORK } from '../../daemon/pod-network.ts';
import { addressAt, parseIpv4Range } from '../../reconcilers/kit/registry/ipv4-range.ts';
import { FakeClaimFolders } from '../../test/fakes/fake-claim-folders.ts';
import { FakeNodeNames } from '../../test/fakes/fake-node-names.ts';
import { FakePodRoutes } from '../../test/fakes/fake-pod-routes.ts';
import { FakeProber } from '../../test/fakes/fake-prober.ts';
import { FakeTerminationFiles } from '../../test/fakes/fake-termination-files.ts';
import { FakeVolumeFiles } from '../../test/fakes/fake-volume-files.ts';
import { MemoryImageLedger } from '../../test/fakes/memory-image-ledger.ts';
import { HollowFilter } from './hollow-filter.ts';
import { HollowRuntime } from './hollow-runtime.ts';

const PAUSE_IMAGE = 'sampan/pause:1';
/** No network has them: https://www.rfc-editor.org/rfc/rfc2544. */
const NODE_ADDRESSES = parseIpv4Range('198.18.0.0/15');

export interface HollowOptions {
  /** Makes a node's own connections. */
  readonly connect: () => ApiServers;
  readonly settings: ClusterSettings;
  /** The images that are there; all others are missing. */
  readonly images: readonly string[];
  readonly parse: (line: string) => unknown;
}

export class HollowNode {
  readonly name: string;
  readonly core: NodeCore;
  readonly #index: number;
  readonly #options: HollowOptions;
  readonly #servers: ApiServers;

  constructor(index: number, options: HollowOptions, essentials: Essentials) {
    this.#index = index;
    this.#options = options;
    this.name = `hollow-${String(index).padStart(5, '0')}`;
    this.#servers = options.connect();
    const feed = new NodeFeedClient(this.#servers, this.name, options.parse);
    this.core = createNodeCore(new ApiObjectClient(this.#servers, feed), this.name, essentials);
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { core } = this;
    const loopsEnded = new AbortController();
    const following = core.cache.run(loopsEnded.signal);
    try {
      while (core.cache.revision === 0 && !signal.aborted) await core.cache.reached(1).catch(() => undefined);
      await Promise.all(this.#loops().map((loop) => loop.run(signal)));
    } finally {
      await flushEvents(core);
      loopsEnded.abort();
      this.#servers.close();
      await following;
    }
  }

  #loops() {
    const { core, name } = this;
    const runtime = new HollowRuntime(core);
    for (const image of [PAUSE_IMAGE, ...this.#options.images]) runtime.addImage(image);
    const files = new FakeVolumeFiles();
    const { dns, ...cluster } = clusterConfig(this.#options.settings, '/etc/resolv.conf');
    return nodeLoops(
      core,
      {
        runtime,
        prober: new FakeProber(),
        filter: new HollowFilter(core.random),
        podRoutes: new FakePodRoutes(),
        files,
        claimFolders: new FakeClaimFolders(files.machine),
        terminationFiles: new FakeTerminationFiles(),
        tokens: apiTokenIssuer(this.#servers),
        names: new FakeNodeNames(),
        ledger: new MemoryImageLedger(),
        logins: async () => undefined,
      },
      {
        nodeName: name,
        nodeIP: addressAt(NODE_ADDRESSES, this.#index + 1),
        hostname: name,
        version: '0.0.0',
        machineID: name,
        systemUUID: name,
        bootID: name,
        diskBytes: 2 ** 37,
        maxPods: 110,
        instance: name,
        pauseImage: PAUSE_IMAGE,
        imageGarbage: { highPercent: 85, lowPercent: 80, minimumAgeMs: 120_000 },
        network: OWN_NETWORK,
        leastOomScoreAdj: -1000,
        dns: { domain: dns.clusterDomain, servers: [dns.clusterDns] },
        seccompDir: '/seccomp',
        hasAppArmor: false,
        allowedUnsafeSysctls: [],
        serviceRange: cluster.serviceRange,
        clusterCidr: cluster.clusterCidr?.cidr ?? '',
        podNetwork: cluster.podNetwork ?? 'none',
      },
    );
  }
}
