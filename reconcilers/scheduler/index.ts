/**
 * Wires the scheduler. It has one key, the queue of waiting pods as a whole: a pass places a batch, which is what keeps placements
 * that happen together from overcommitting a node. Assembled on the leading master; decides nothing itself.
 */
import type { EventRecorder } from '../kit/event-recorder.ts';
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import { equalJson } from '../objects/json.ts';
import type { ObjectKey } from '../objects/meta.ts';
import { isPodTerminal } from '../objects/pod.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectChange, ObjectClient } from '../ports/object-client.ts';
import type { SchedulerAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { type ObservedCluster, SCHEDULER_NAME, SchedulerObserver, waitsForNode } from './observe.ts';
import { plan } from './plan.ts';

export interface SchedulerDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
  /** Of the component `default-scheduler`. */
  readonly events: EventRecorder;
  readonly clock: Clock;
}

const QUEUE: ObjectKey = { namespace: '', name: SCHEDULER_NAME };

export function createSchedulerLoop(deps: SchedulerDeps): Loop<true, ObservedCluster, SchedulerAction> {
  const observer = new SchedulerObserver(deps.cache);
  const executors = createExecutors(deps);
  return {
    reconciler: {
      name: 'scheduler',
      observe: async () => observer.observe(),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    concurrency: 1,
    allKeys: () => [QUEUE],
    *keysFor(change) {
      if (!observer.anyPending) return;
      if (mayHelp(change) || (observer.anyAsksForPods && movesPod(change))) yield { key: QUEUE };
    },
  };
}

/** Whether a pod counts now that did not before, or no more, for those that are to be with it or apart from it. */
function movesPod(change: ObjectChange): boolean {
  if (change.kind !== 'Pod' || change.object.spec.nodeName === undefined) return false;
  const { object, previous } = change;
  return (
    previous?.spec.nodeName === undefined ||
    previous.metadata.deletionTimestamp !== object.metadata.deletionTimestamp ||
    !equalJson(previous.metadata.labels, object.metadata.labels)
  );
}

/** A node, a namespace, and what says where pods find their volumes. */
const PLACES: ReadonlySet<string> = new Set([
  'Node',
  'Namespace',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'StorageClass',
]);

/** Whether a pod may be placed now that could not before: it is new, a place or a volume changed, or one of a node's pods made room. */
function mayHelp(change: ObjectChange): boolean {
  if (PLACES.has(change.kind)) return true;
  if (change.kind !== 'Pod') return false;
  return change.type === 'DELETED' || waitsForNode(change.object) || isPodTerminal(change.object);
}
