/**
 * `sampan cleanup`: takes away every container, network, volume and rule that the daemon of this data dir made. The store stays: the next
 * `sampan run` makes everything anew from it. So does what PersistentVolumeClaims hold.
 */
import { LABEL_INSTANCE } from '../../reconcilers/kubelet/identity.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import { DockerRuntime } from '../adapters/docker-runtime/docker-runtime.ts';
import { NftablesFilter } from '../adapters/kernel-network/nftables/nftables-filter.ts';
import { KernelPodRoutes } from '../adapters/kernel-network/pod-routes/kernel-pod-routes.ts';
import { createPinoLog } from '../adapters/pino-log.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { systemRandom } from '../adapters/system-random.ts';
import { UserspaceProxy } from '../adapters/userspace-proxy/userspace-proxy.ts';
import { memoryRoots } from '../adapters/volume-files/memory-root.ts';
import { removeFolder } from '../adapters/volume-files/mounts.ts';
import type { CleanupConfig } from '../config.ts';
import { OWN_NETWORK } from '../pod-network.ts';
import { DataDir } from './data-dir.ts';
import type { Output } from './get.ts';

const AT_ONCE = 8;

export async function cleanup(config: CleanupConfig, out: Output): Promise<number> {
  const dataDir = new DataDir(config.dataDir);
  const instance = dataDir.knownInstance();
  if (instance === undefined) {
    out.write(`no daemon ever ran on ${config.dataDir}: nothing to clean up\n`);
    return 0;
  }
  if (dataDir.isInUse()) {
    throw new SampanError('Usage', { detail: `the daemon on ${config.dataDir} still runs; stop it first` });
  }
  const runtime = new DockerRuntime(config.dockerHost);
  const containers = await runtime.list({ [LABEL_INSTANCE]: instance });
  const rest = containers.values();
  const worker = async () => {
    for (const { id } of rest) await runtime.remove(id);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  // Whoever answers names in the daemon's absence ends when that folder goes.
  for (const path of [dataDir.volumesPath, dataDir.terminationPath, dataDir.dnsPath, ...memoryRoots(instance)])
    await removeFolder(path);
  const bridges = [(await runtime.network('bridge'))?.bridge ?? 'docker0', OWN_NETWORK.bridge];
  const log = await createPinoLog({ format: 'json', level: 'error', target: process.stderr });
  await new KernelPodRoutes(log).remove();
  await runtime.removeNetwork(OWN_NETWORK.name);
  runtime.close();

  const nodePorts = { first: 1, last: 65_535 };
  for (const bridge of bridges) {
    await new NftablesFilter({ bridge, nodePorts }, { random: systemRandom, log }).remove();
  }
  await new UserspaceProxy({ random: systemRandom, clock: systemClock, log }).remove();
  out.write(
    `removed ${containers.length} containers, the network ${OWN_NETWORK.name}, the routes to other nodes' pods and the Service rules\n`,
  );
  return 0;
}
