/**
 * The clean-up of images: keeps the disk of this node's container runtime from filling up with what the daemon once pulled. One key, the
 * node itself. Wiring only.
 */
import type { EventRecorder } from '../kit/event-recorder.ts';
import { followEvents } from '../kit/follow-events.ts';
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import type { Node } from '../objects/cluster.ts';
import type { Clock } from '../ports/clock.ts';
import type { ContainerRuntime, RuntimeEvent } from '../ports/container-runtime.ts';
import type { ImageLedger } from '../ports/image-ledger.ts';
import type { GarbageAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { GarbageMemory } from './memory.ts';
import type { GarbageObservation } from './observation.ts';
import { type ImageGarbageConfig, observeImages } from './observe.ts';
import { plan } from './plan.ts';

/** A rollout takes many pods away in a row. */
const GATHER_MS = 1_000;

export interface ImageGarbageDeps {
  readonly cache: ReadOnlyCache;
  readonly runtime: ContainerRuntime;
  readonly ledger: ImageLedger;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly config: ImageGarbageConfig;
}

export function createImageGarbageLoop(deps: ImageGarbageDeps): Loop<Node, GarbageObservation, GarbageAction> {
  const { runtime, clock, config } = deps;
  const memory = new GarbageMemory();
  const executors = createExecutors({ ...deps, memory });
  const key = { namespace: '', name: config.nodeName };
  return {
    concurrency: 1,
    gatherMs: GATHER_MS,
    routine: ['note-use'],
    reconciler: {
      name: 'image-garbage',
      observe: () => observeImages({ ...deps, memory }),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    allKeys: () => [key],
    keysFor({ type, kind, object }) {
      const isRegistered = type === 'ADDED' && kind === 'Node' && object.metadata.name === config.nodeName;
      const hasLeft = type === 'DELETED' && kind === 'Pod' && object.spec.nodeName === config.nodeName;
      return isRegistered || hasLeft ? [{ key }] : [];
    },
    watchOutside: (enqueue, signal) => {
      const onEvent = ({ type }: RuntimeEvent) => {
        if (type === 'listening' || type === 'image' || type === 'removed') enqueue({ key });
      };
      return followEvents({ runtime, clock, label: config.containerLabel, onEvent }, signal);
    },
  };
}
