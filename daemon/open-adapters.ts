/**
 * Opens the real adapters that the flags name: store, packet filter, manifest sources. `sampan run` calls it once, at the start. What
 * stands on a large library is loaded only where it is asked for.
 */
import type { ConfiguredSource } from '../reconcilers/manifest-sync/index.ts';
import { sleep } from '../reconcilers/ports/clock.ts';
import { isSampanError, messageOf } from '../reconcilers/ports/errors.ts';
import type { ManifestSource } from '../reconcilers/ports/manifest-source.ts';
import type { PacketFilter } from '../reconcilers/ports/packet-filter.ts';
import type { Store } from '../reconcilers/ports/store.ts';
import { FolderSource } from './adapters/folder-source/folder-source.ts';
import { NftablesFilter } from './adapters/kernel-network/nftables/nftables-filter.ts';
import { NoProxy } from './adapters/no-proxy.ts';
import { parseSourceLocation } from './adapters/source-location.ts';
import { SqliteStore } from './adapters/sqlite-store/sqlite-store.ts';
import { parseSyncSchedule } from './adapters/sync-schedule.ts';
import { UserspaceProxy } from './adapters/userspace-proxy/userspace-proxy.ts';
import { FolderVolumeFiles } from './adapters/volume-files/folder-volume-files.ts';
import { memoryRoot } from './adapters/volume-files/memory-root.ts';
import type { Essentials } from './assemble.ts';
import type { ClusterConfig, RunConfig, SourceConfig } from './config.ts';
import type { NodeConfig } from './node-flags.ts';

const RETRY_MS = 2_000;

/** etcd is not asked anything yet. The embedded store needs room on the disk: without any, this waits for it and says so. */
export async function openStore(
  config: RunConfig,
  path: string,
  { clock, log }: Essentials,
  signal: AbortSignal,
): Promise<Store> {
  if (config.etcd === undefined) {
    for (let failures = 0; ; failures++) {
      try {
        return new SqliteStore(path, clock);
      } catch (error) {
        if (!isSampanError(error, 'StoreFull')) throw error;
        if (failures === 0) log.error('waiting for room for the store', { error: error.message });
        await sleep(clock, RETRY_MS, signal);
      }
    }
  }
  const { EtcdStore } = await import('./adapters/etcd-store/etcd-store.ts');
  const { servers: endpoints, caFile: ca, certFile: cert, keyFile: key } = config.etcd;
  const tls = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
  return new EtcdStore({ endpoints, tls });
}

/** `bridge`: the interface of the pod network. What another mode left from an earlier run is taken away first. */
export async function openFilter(
  { proxyMode, nodePorts }: Pick<ClusterConfig & NodeConfig, 'proxyMode' | 'nodePorts'>,
  bridge: string,
  essentials: Essentials,
): Promise<PacketFilter> {
  const filters = {
    nftables: new NftablesFilter({ bridge, nodePorts }, essentials),
    userspace: new UserspaceProxy(essentials),
    none: new NoProxy(),
  };
  const others = Object.values(filters).filter(({ mode }) => mode !== proxyMode);
  await Promise.all(
    others.map((other) =>
      other.remove().catch((error: unknown) => {
        essentials.log.debug('what the other proxy mode left cannot be removed', {
          mode: other.mode,
          error: messageOf(error),
        });
      }),
    ),
  );
  return filters[proxyMode];
}

/** `uid`: the daemon's user. */
export async function openVolumeFiles(
  place: { readonly volumesPath: string; instance(): string },
  uid: number | undefined,
): Promise<FolderVolumeFiles> {
  const memory = await memoryRoot(place.instance(), uid);
  return new FolderVolumeFiles({ disk: place.volumesPath, ...(memory !== undefined && { memory }) });
}

/** Relative locations are taken from `surroundings.folder`. Usage error where one cannot be understood. */
export async function openSources(
  config: RunConfig,
  surroundings: { readonly folder: string; readonly environment: NodeJS.ProcessEnv },
  essentials: Essentials,
): Promise<ConfiguredSource[]> {
  const { dataDir } = config;
  const { folder, environment } = surroundings;
  const open = async ({ location: text, syncInterval }: SourceConfig): Promise<ManifestSource> => {
    const location = parseSourceLocation(text, folder);
    const deps = { ...essentials, schedule: await parseSyncSchedule(syncInterval) };
    if (location.type === 'folder') return new FolderSource(location.name, location.path, deps);
    const { GitSource } = await import('./adapters/git-source/git-source.ts');
    return new GitSource(location, { ...deps, environment, dataDir });
  };
  return Promise.all(config.sources.map(async (source) => ({ ...source, source: await open(source) })));
}
