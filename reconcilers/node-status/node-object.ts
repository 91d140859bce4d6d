/** The Node object as the machine and its runtime make it: labels, capacity, addresses, conditions, images. Pure. */
import type { Node, NodeCondition } from '../objects/cluster.ts';
import type { ImageRecord, RuntimeInfo } from '../ports/container-runtime.ts';
import { type Said, withCondition } from './condition.ts';
import type { NodeConfig } from './config.ts';
import type { NodeObservation } from './observation.ts';
import { withPressures } from './pressure.ts';

/** Docker may be restarted: that is no reason to move pods away. */
export const AWAY_TOLERATED_MS = 15_000;
/** Kubernetes' nodeStatusMaxImages. */
const MOST_IMAGES = 50;
/** And MaxNamesPerImageInNodeStatus. */
const MOST_NAMES = 5;
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  aarch64: 'arm64',
  armv7l: 'arm',
  i686: '386',
};

export function nodeLabels(config: NodeConfig, info: RuntimeInfo): Record<string, string> {
  return {
    'kubernetes.io/hostname': config.hostname,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture(info),
  };
}

/** The status as it should be; `stored` keeps its times, and what a runtime that is away cannot tell. */
export function nodeStatus(
  { config, runtime, headroom }: NodeObservation,
  stored: Node['status'],
  now: number,
): Node['status'] {
  const { info } = runtime;
  const pressures = withPressures(stored.conditions ?? [], headroom, now);
  const conditions = withCondition(pressures, 'Ready', readyCondition(runtime, stored.conditions, now), now);
  if (info === undefined) return { ...stored, conditions };
  const capacity = {
    cpu: String(info.cpus),
    'ephemeral-storage': `${Math.floor(config.diskBytes / 1024)}Ki`,
    memory: `${Math.floor(info.memoryBytes / 1024)}Ki`,
    pods: String(config.maxPods),
  };
  const { daemonEndpoints: _, ...kept } = stored;
  return {
    ...kept,
    capacity,
    allocatable: capacity,
    conditions,
    addresses: [
      { type: 'InternalIP', address: config.nodeIP },
      { type: 'Hostname', address: config.hostname },
    ],
    images: largestImages(runtime.images),
    ...(config.kubeletPort !== undefined && { daemonEndpoints: { kubeletEndpoint: { Port: config.kubeletPort } } }),
    nodeInfo: {
      architecture: architecture(info),
      bootID: config.bootID,
      containerRuntimeVersion: `docker://${info.version}`,
      kernelVersion: info.kernelVersion,
      kubeProxyVersion: config.version,
      kubeletVersion: config.version,
      machineID: config.machineID,
      operatingSystem: 'linux',
      osImage: info.operatingSystem,
      systemUUID: config.systemUUID,
    },
  };
}

function readyCondition(
  { info, away }: NodeObservation['runtime'],
  stored: readonly NodeCondition[] | undefined,
  now: number,
): Said {
  const before = stored?.find(({ type }) => type === 'Ready');
  if (away === undefined && info !== undefined) {
    return { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' };
  }
  const isTolerated = away === undefined || now < away.since + AWAY_TOLERATED_MS;
  if (isTolerated && before?.status === 'True') return before;
  const message = `container runtime is down: ${away?.message ?? 'it has not answered yet'}`;
  return { status: 'False', reason: 'KubeletNotReady', message };
}

function largestImages(images: readonly ImageRecord[]): { names: string[]; sizeBytes: number }[] {
  return images
    .filter(({ names }) => names.length > 0)
    .map(({ names, sizeBytes }) => ({ names: [...names].sort().slice(0, MOST_NAMES), sizeBytes }))
    .sort((a, b) => b.sizeBytes - a.sizeBytes || ((a.names[0] ?? '') < (b.names[0] ?? '') ? -1 : 1))
    .slice(0, MOST_IMAGES);
}

function architecture(info: RuntimeInfo): string {
  return ARCHITECTURES[info.architecture] ?? info.architecture;
}
