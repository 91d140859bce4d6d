/** All reads of the clean-up of images. Where the daemon has pulled nothing, Docker is not asked. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import type { Node } from '../objects/cluster.ts';
import { fullName } from '../objects/image-reference.ts';
import { allContainers, isPodTerminal } from '../objects/pod.ts';
import type { Clock } from '../ports/clock.ts';
import type { ContainerRuntime } from '../ports/container-runtime.ts';
import { isSampanError } from '../ports/errors.ts';
import type { ImageLedger } from '../ports/image-ledger.ts';
import type { GarbageMemory } from './memory.ts';
import type { GarbageObservation, ImageGarbagePolicy } from './observation.ts';

export interface ObserveDeps {
  readonly cache: ReadOnlyCache;
  readonly runtime: ContainerRuntime;
  readonly ledger: ImageLedger;
  readonly memory: GarbageMemory;
  readonly clock: Clock;
  readonly config: ImageGarbageConfig;
}

export interface ImageGarbageConfig {
  readonly nodeName: string;
  readonly pauseImage: string;
  /** Of this daemon's containers: `key=value`. */
  readonly containerLabel: string;
  readonly imageGarbage: ImageGarbagePolicy;
}

export async function observeImages(deps: ObserveDeps): Promise<Observation<Node, GarbageObservation>> {
  const { cache, ledger, memory, clock, config } = deps;
  const pulled = await ledger.entries();
  const runtime = await runtimeFacts(deps, pulled.length > 0);
  return {
    desired: cache.get('Node', { namespace: '', name: config.nodeName }),
    observed: {
      isCurrent: cache.revision > 0 && runtime !== undefined,
      policy: config.imageGarbage,
      pulled,
      images: [],
      inUse: [],
      ...runtime,
      wanted: wantedImages(cache, config),
      failed: memory.recentFailures(clock.now()),
      ...(memory.announcedAt !== undefined && { announcedAt: memory.announcedAt }),
    },
  };
}

/** Undefined where it does not answer; others say so. */
async function runtimeFacts({ runtime }: ObserveDeps, hasPulled: boolean) {
  try {
    const disk = await runtime.diskUsage();
    const images = hasPulled ? await runtime.images() : [];
    const inUse = hasPulled ? [...(await runtime.imagesInUse())].sort() : [];
    return { images, inUse, ...(disk && { disk }) };
  } catch (error) {
    if (isSampanError(error, 'RuntimeUnavailable')) return undefined;
    throw error;
  }
}

/** Also of pods whose containers are still to come. */
function wantedImages(cache: ReadOnlyCache, { nodeName, pauseImage }: ImageGarbageConfig): string[] {
  const own = cache.list('Pod').filter((pod) => pod.spec.nodeName === nodeName && !isPodTerminal(pod));
  const named = own.flatMap(({ spec }) => allContainers(spec).map(({ image }) => fullName(image)));
  return [...new Set([fullName(pauseImage), ...named])].sort();
}
