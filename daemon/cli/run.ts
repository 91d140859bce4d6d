/**
 * `sampan run`: opens the real adapters, assembles the loops over them, serves the API, and takes everything down again on a
 * signal, leaving the containers as they are.
 */

import { compactRegularly } from '../../reconcilers/kit/compaction.ts';
import { parseIpv4Range } from '../../reconcilers/kit/registry/ipv4-range.ts';
import { chooseNodeAddress } from '../../reconcilers/node-status/address.ts';
import { type CertifiedKey, pemOf } from '../adapters/certificates/certified-key.ts';
import { DockerRuntime } from '../adapters/docker-runtime/docker-runtime.ts';
import { readMachine } from '../adapters/machine.ts';
import { createPinoLog } from '../adapters/pino-log.ts';
import { leadsToPod, readRoutes } from '../adapters/route-table.ts';
import { FileSnapshotArchive } from '../adapters/snapshot-archive.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { systemRandom } from '../adapters/system-random.ts';
import { Nodes } from '../apiserver/nodes/nodes.ts';
import { ApiServer } from '../apiserver/server.ts';
import { type AssembledLoop, type Core, createCore, type Essentials, flushEvents, masterLoops } from '../assemble.ts';
import { clusterSettings } from '../cluster-settings.ts';
import type { RunConfig } from '../config.ts';
import { dnsServiceIP } from '../dns-flags.ts';
import { healthChecks } from '../health-checks.ts';
import { Leadership } from '../lead.ts';
import { LocalNode } from '../local-node.ts';
import { keepPresent } from '../master-presence.ts';
import { openAccess } from '../open-access.ts';
import { openSources, openStore } from '../open-adapters.ts';
import { canHaveNeighbours, DEFAULT_CLUSTER_CIDR } from '../pod-network.ts';
import { podTokens } from '../pod-tokens.ts';
import { keepingAlive, runParts } from '../run-parts.ts';
import { NodeServing } from '../serve-node.ts';
import { apiEndpoint, publicAddress, TlsService } from '../serve-tls.ts';
import { SharedAuthority } from '../shared-authority.ts';
import { DataDir } from './data-dir.ts';
import type { LiveView } from './live-view.ts';
import type { Diagnostics } from './status.ts';

export interface Surroundings {
  readonly version: string;
  readonly stdout: NodeJS.WriteStream;
  /** Handed to git. */
  readonly environment: NodeJS.ProcessEnv;
  readonly folder: string;
  readonly pid: number;
  /** The words that run this program: `node main.ts`. */
  readonly program: readonly string[];
  /** Aborts when the daemon is to stop. */
  readonly signal: AbortSignal;
}

/** Runs until the signal aborts; answers the exit code. */
export async function run(config: RunConfig, surroundings: Surroundings): Promise<number> {
  const { version, program, stdout, signal } = surroundings;
  const dataDir = new DataDir(config.dataDir);
  dataDir.claim(surroundings.pid);

  const format = config.logFormat ?? (stdout.isTTY ? 'text' : 'json');
  const view = stdout.isTTY && stdout.columns > 0 && format === 'text' ? await openView(stdout) : undefined;
  const level = config.logLevel ?? (view ? 'error' : 'info');
  const log = await createPinoLog({ format, level, target: view?.logTarget ?? stdout });
  const essentials: Essentials = { clock: systemClock, random: systemRandom, log };
  const startedAt = systemClock.now();

  const store = await keepingAlive(openStore(config, dataDir.storePath, essentials, signal));
  const runtime = new DockerRuntime(config.dockerHost);
  const sources = await openSources(config, surroundings, essentials);
  const machine = readMachine(config.dataDir);
  const nodeIP = config.nodeIp ?? chooseNodeAddress(machine.interfaces, machine.routes);
  const isApiReachable = config.api.securePort !== 0;
  const coreOptions = { ...config, host: config.nodeName, isApiReachable };
  const core = createCore(store, coreOptions, essentials);
  const clusterCidr = config.clusterCidr ?? parseIpv4Range(DEFAULT_CLUSTER_CIDR);
  // Over etcd other masters, and their nodes, may come.
  const nodeConfig = config.etcd === undefined ? config : { ...config, clusterCidr };
  const node = new LocalNode({
    config: nodeConfig,
    ...{ dataDir, core, runtime, machine, nodeIP, version, program },
    ...(view && { onPull: (report) => view.pulling(report) }),
  });
  node.prepare(signal);
  const shared = config.etcd && new SharedAuthority(dataDir.pkiPath, { ...essentials, store });
  const accessPlace = { pkiPath: dataDir.pkiPath, hostname: machine.hostname, nodeIP, ...(shared && { shared }) };
  const access = await keepingAlive(openAccess(config, accessPlace, core, signal));

  const archive = new FileSnapshotArchive(config.dataDir);
  const loopsOver = (leading: Core) =>
    masterLoops(leading, {
      ...config,
      dnsServiceIP: dnsServiceIP(config.dns, config.serviceRange),
      clusterCidr,
      sources,
      archive,
      apiServer: () => apiEndpoint(config.api, nodeIP, podCIDROf(core, config.nodeName)),
      authority: () => pemOf(access.certificates.authority).certificate,
    });
  const identity = `${config.nodeName}_${dataDir.instance()}`;
  const election = config.etcd && { identity, leaseSeconds: config.leaderLeaseMs / 1000 };
  const masters = new Leadership({ store, core, coreOptions, loopsOver }, election);
  const diagnostics = (): Diagnostics => ({
    version,
    startedAt,
    store: store.endpoint,
    runtime: runtime.endpoint,
    proxyMode: config.proxyMode,
    ...(masters.leader !== undefined && { leader: masters.leader }),
    stuck: [...masters.loops, ...node.loops].flatMap(troublesOf),
  });
  const { certificates } = access;
  const identityOf = (pair: CertifiedKey) => ({ ...pemOf(pair), authority: pemOf(certificates.authority).certificate });
  const nodePlace = { ...config, instance: dataDir.instance(), nodeIP };
  const serving = new NodeServing(nodePlace, identityOf(certificates.node), { ...core, runtime });
  const nodes = new Nodes({
    ...core,
    own: { name: config.nodeName, service: serving.service },
    identity: identityOf(certificates.kubeletClient),
  });
  const server = new ApiServer({
    client: core.client,
    cache: core.cache,
    nodes,
    leadsToPod: (address) =>
      leadsToPod(readRoutes(), address, { clusterCidr, podCIDR: podCIDROf(core, config.nodeName) }),
    random: systemRandom,
    diagnostics,
    ...(canHaveNeighbours(nodeConfig) && { nodeSettings: clusterSettings(config, clusterCidr.cidr) }),
    version,
    health: healthChecks(store, core.cache),
    clock: systemClock,
    log,
    access,
  });
  const { bindAddress, securePort } = config.api;
  const tls = new TlsService(server, certificates, config.api, log);
  const nodeAccess = {
    serving,
    tokens: podTokens(access.accounts, core.client),
    onNetwork: (podCIDR: string) => void tls.openForPods(podCIDR),
  };

  log.info('sampan runs', {
    version,
    store: store.endpoint,
    docker: runtime.endpoint,
    proxy: config.proxyMode,
    socket: dataDir.socketPath,
    ...(securePort !== 0 && { https: `${bindAddress}:${securePort}` }),
  });
  const hideView = view?.show(core.cache);
  const onRenewed = () => {
    tls.renew();
    serving.renew(identityOf(certificates.node));
    nodes.renew(identityOf(certificates.kubeletClient));
  };
  // The cache outlives the loops: a write under way waits until the cache has seen it.
  const loopsEnded = new AbortController();
  const following = Promise.all([
    core.cache.run(loopsEnded.signal),
    certificates.keepRenewed(onRenewed, loopsEnded.signal),
    compactRegularly({ store, revision: () => core.cache.revision, clock: systemClock, log }, loopsEnded.signal),
  ]);
  try {
    await server.listen(dataDir.socketPath);
    await tls.open(dataDir.kubeconfigPath);
    const place = config.etcd && publicAddress(config.api, nodeIP);
    const bePresent = async (until: AbortSignal) => {
      if (place !== undefined) await keepPresent(config.nodeName, place, { ...essentials, store }, until);
    };
    const lead = async (until: AbortSignal) => {
      await shared?.publish(until);
      await masters.run(until);
    };
    // The node first: it waits for Docker while the others work.
    await runParts(core.cache, [(until) => node.run(nodeAccess, until), lead, bePresent], signal);
  } finally {
    await server.close();
    await serving.close();
    await node.close();
    await flushEvents(core);
    loopsEnded.abort();
    await following;
    await access.auditFile?.close();
    hideView?.();
    await Promise.all(sources.map(({ source }) => source.close()));
    await store.close();
    runtime.close();
    dataDir.release();
    log.info('sampan stopped; its containers and the answers to their questions for names go on');
  }
  return 0;
}

/** Loaded here: only a terminal needs it. */
async function openView(terminal: NodeJS.WriteStream): Promise<LiveView> {
  const { LiveView } = await import('./live-view.ts');
  return new LiveView(terminal, systemClock);
}

function podCIDROf({ cache }: Core, nodeName: string): string | undefined {
  return cache.get('Node', { namespace: '', name: nodeName })?.spec.podCIDR;
}

function troublesOf(loop: AssembledLoop): Diagnostics['stuck'] {
  return [...loop.troubles()].map(({ key, because, error }) => ({ loop: loop.name, key, because, error: error ?? '' }));
}
