/**
 * The clean-up of images: keeps the disk of this node's container runtime from filling up with what the daemon once pulled. One key, the
 * node itself. Wiring only.
 */
import { isDeepStrictEqual } from 'node:util';
import type { EventRecorder } from '../kit/event-recorder.ts';
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import type { Node } from '../objects/cluster.ts';
import type { Kind } from '../objects/kinds.ts';
import type { Clock } from '../ports/clock.ts';
import type { ContainerRuntime } from '../ports/container-runtime.ts';
import type { ImageLedger } from '../ports/image-ledger.ts';
import type { ObjectChange } from '../ports/object-client.ts';
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
  const memory = new GarbageMemory();
  const executors = createExecutors({ ...deps, memory });
  const key = { namespace: '', name: deps.config.nodeName };
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
    keysFor: (change) => (concernsImages(change, deps.config.nodeName) ? [{ key }] : []),
  };
}

/** An image came or went, the runtime is back, or a pod has left and its images may be nobody's. */
function concernsImages({ type, kind, object, previous }: ObjectChange<Kind>, nodeName: string): boolean {
  if (kind === 'Pod') return type === 'DELETED' && object.spec.nodeName === nodeName;
  if (kind !== 'Node' || object.metadata.name !== nodeName) return false;
  const facts = (node: Node | undefined) => [
    node?.status.images,
    node?.status.conditions?.find((condition) => condition.type === 'Ready')?.status,
  ];
  return !isDeepStrictEqual(facts(object), facts(previous));
}
