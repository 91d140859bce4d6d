/**
 * `sampan run`: opens the real adapters, assembles the loops over them, serves the API, and takes everything down again on a
 * signal, leaving the containers as they are.
 */

import { compactRegularly } from '../../reconcilers/kit/compaction.ts';
import { parseIpv4Range } from '../../reconcilers/kit/registry/ipv4-range.ts';
import { LABEL_CONTAINER, LABEL_INSTANCE, LABEL_UID } from '../../reconcilers/kubelet/identity.ts';
import type { ConfiguredSource } from '../../reconcilers/manifest-sync/index.ts';
import { chooseNodeAddress } from '../../reconcilers/node-status/address.ts';
import { sleep } from '../../reconcilers/ports/clock.ts';
import type { ContainerRuntime } from '../../reconcilers/ports/container-runtime.ts';
import { isSampanError, messageOf, SampanError } from '../../reconcilers/ports/errors.ts';
import type { PacketFilter } from '../../reconcilers/ports/packet-filter.ts';
import type { Store } from '../../reconcilers/ports/store.ts';
import { DockerRuntime } from '../adapters/docker-runtime/docker-runtime.ts';
import { EtcdStore } from '../adapters/etcd-store/etcd-store.ts';
import { FolderSource } from '../adapters/folder-source/folder-source.ts';
import { GitSource } from '../adapters/git-source/git-source.ts';
import { readMachine } from '../adapters/machine.ts';
import { NftablesFilter } from '../adapters/nftables/nftables-filter.ts';
import { NoProxy } from '../adapters/no-proxy.ts';
import { createPinoLog } from '../adapters/pino-log.ts';
import { FileSnapshotArchive } from '../adapters/snapshot-archive.ts';
import { parseSourceLocation } from '../adapters/source-location.ts';
import { SqliteStore } from '../adapters/sqlite-store/sqlite-store.ts';
import { parseSyncSchedule } from '../adapters/sync-schedule.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { systemRandom } from '../adapters/system-random.ts';
import { UserspaceProxy } from '../adapters/userspace-proxy/userspace-proxy.ts';
import type { PodLogs } from '../apiserver/pod-logs.ts';
import { ApiServer } from '../apiserver/server.ts';
import { type AssembledLoop, type Core, createCore, type Essentials, masterLoops, nodeLoops } from '../assemble.ts';
import type { RunConfig } from '../config.ts';
import { choosePodNetwork, DEFAULT_CLUSTER_CIDR } from '../pod-network.ts';
import { DataDir } from './data-dir.ts';
import { LiveView } from './live-view.ts';
import type { Diagnostics } from './status.ts';

/** Kubernetes' own limit per node. */
const MAX_PODS = 110;
const DOCKER_RETRY_MS = 500;

export interface Surroundings {
  readonly version: string;
  readonly stdout: NodeJS.WriteStream;
  /** Handed to git. */
  readonly environment: NodeJS.ProcessEnv;
  readonly folder: string;
  readonly pid: number;
  /** Aborts when the daemon is to stop. */
  readonly signal: AbortSignal;
}

/** Runs until the signal aborts; answers the exit code. */
export async function run(config: RunConfig, surroundings: Surroundings): Promise<number> {
  const { version, stdout, signal } = surroundings;
  const dataDir = new DataDir(config.dataDir);
  await dataDir.claim(surroundings.pid);

  const format = config.logFormat ?? (stdout.isTTY ? 'text' : 'json');
  const view = stdout.isTTY && format === 'text' ? new LiveView(stdout, systemClock) : undefined;
  const log = createPinoLog({ format, level: config.logLevel, target: view?.logTarget ?? stdout });
  const essentials: Essentials = { clock: systemClock, random: systemRandom, log };
  const startedAt = systemClock.now();

  const store = openStore(config, dataDir, essentials);
  const runtime = new DockerRuntime(config.dockerHost);
  const sources = openSources(config, surroundings, essentials);
  const core = createCore(store, { ...config, host: config.nodeName }, essentials);
  const stop = new AbortController();
  signal.addEventListener('abort', () => stop.abort(), { once: true });

  const clusterCidr = config.clusterCidr ?? parseIpv4Range(DEFAULT_CLUSTER_CIDR);
  const archive = new FileSnapshotArchive(config.dataDir);
  const loops = masterLoops(core, { ...config, clusterCidr, sources, archive });
  const startNode = async (): Promise<AssembledLoop[]> => {
    const { network, ...addresses } = await untilDockerAnswers(
      () => choosePodNetwork(runtime, config.clusterCidr),
      essentials,
      stop.signal,
    );
    const machine = readMachine(config.dataDir);
    return nodeLoops(
      core,
      { runtime, filter: openFilter(config, network.bridge, essentials) },
      {
        ...config,
        ...machine,
        ...addresses,
        network,
        nodeIP: config.nodeIp ?? chooseNodeAddress(machine.interfaces, machine.routes),
        instance: dataDir.instance(),
        maxPods: MAX_PODS,
        version,
        ...(view && { onPull: (report) => view.pulling(report) }),
      },
    );
  };
  const diagnostics = (): Diagnostics => ({
    version,
    startedAt,
    store: store.endpoint,
    runtime: runtime.endpoint,
    proxyMode: config.proxyMode,
    stuck: loops.flatMap(troublesOf),
  });
  const server = new ApiServer({
    client: core.client,
    podLogs: podLogsFrom(runtime, dataDir.instance()),
    diagnostics,
    clock: systemClock,
    log,
  });

  log.info('sampan runs', {
    version,
    store: store.endpoint,
    docker: runtime.endpoint,
    proxy: config.proxyMode,
    socket: dataDir.socketPath,
  });
  const running = [
    core.cache.run(stop.signal),
    compactRegularly({ store, revision: () => core.cache.revision, clock: systemClock, log }, stop.signal),
    runLoops(core, loops, startNode, stop.signal),
  ];
  const hideView = view?.show(core.cache);
  try {
    await server.listen(dataDir.socketPath);
    await Promise.all(running);
  } finally {
    stop.abort();
    await Promise.allSettled(running);
    hideView?.();
    await server.close();
    await Promise.all(sources.map(({ source }) => source.close()));
    await store.close();
    runtime.close();
    dataDir.release();
    log.info('sampan stopped; its containers go on', {});
  }
  return 0;
}

/** Runs the loops once the cache has its first list; before that they would take "not seen yet" for "not there". */
async function runLoops(
  core: Core,
  loops: AssembledLoop[],
  startNode: () => Promise<AssembledLoop[]>,
  signal: AbortSignal,
): Promise<void> {
  while (core.cache.revision === 0 && !signal.aborted) await core.cache.reached(1).catch(() => undefined);
  if (signal.aborted) return;
  const running = loops.map((loop) => loop.run(signal));
  const ofNode = await startNode();
  loops.push(...ofNode);
  await Promise.all([...running, ...ofNode.map((loop) => loop.run(signal))]);
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

function openStore(config: RunConfig, dataDir: DataDir, { clock }: Essentials): Store {
  if (config.etcd === undefined) return new SqliteStore(dataDir.storePath, clock);
  const { servers: endpoints, caFile: ca, certFile: cert, keyFile: key } = config.etcd;
  const tls =
    ca === undefined ? undefined : { ca, ...(cert !== undefined && { cert }), ...(key !== undefined && { key }) };
  return new EtcdStore({ endpoints, ...(tls && { tls }) });
}

function openFilter({ proxyMode, nodePorts }: RunConfig, bridge: string, essentials: Essentials): PacketFilter {
  switch (proxyMode) {
    case 'nftables':
      return new NftablesFilter({ bridge, nodePorts }, essentials);
    case 'userspace':
      return new UserspaceProxy(essentials);
    case 'none':
      return new NoProxy();
  }
}

function openSources(config: RunConfig, surroundings: Surroundings, essentials: Essentials): ConfiguredSource[] {
  const schedule = parseSyncSchedule(config.syncInterval);
  const { onInvalid, pruneLimit } = config;
  return config.sources.map((text) => {
    const location = parseSourceLocation(text, surroundings.folder);
    const { environment } = surroundings;
    const source =
      location.type === 'folder'
        ? new FolderSource(location.name, location.path, { ...essentials, schedule })
        : new GitSource(location, { ...essentials, schedule, environment, dataDir: config.dataDir });
    return { source, onInvalid, pruneLimit };
  });
}

function troublesOf(loop: AssembledLoop): Diagnostics['stuck'] {
  return [...loop.troubles()].map(({ key, because, error }) => ({ loop: loop.name, key, because, error: error ?? '' }));
}

/** A pod's output comes from its newest container of the name, or from the one before. */
function podLogsFrom(runtime: ContainerRuntime, instance: string): PodLogs {
  return async function* (pod, container, options, signal) {
    const labels = { [LABEL_UID]: pod.metadata.uid, [LABEL_CONTAINER]: container, [LABEL_INSTANCE]: instance };
    const newestFirst = (await runtime.list(labels)).toSorted((a, b) => b.createdAt - a.createdAt);
    const chosen = newestFirst[options.previous ? 1 : 0];
    const { name } = pod.metadata;
    if (chosen === undefined) {
      const detail = options.previous
        ? `previous terminated container "${container}" in pod "${name}" not found`
        : `container "${container}" in pod "${name}" is waiting to start`;
      throw new SampanError('BadRequest', { detail });
    }
    yield* runtime.logs(chosen.id, options, signal);
  };
}
