/** Wires the replication loop, one key per ReplicationController. Assembled on the leading master; decides nothing itself. */
import type { EventRecorder } from '../kit/event-recorder.ts';
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import { keyOf } from '../objects/meta.ts';
import type { ReplicationController } from '../objects/replication-controller.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { ReplicationAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { type ObservedPods, ReplicationObserver } from './observe.ts';
import { plan } from './plan.ts';

export interface ReplicationDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
  /** Of the component `replication-controller`. */
  readonly events: EventRecorder;
  readonly clock: Clock;
}

export function createReplicationLoop(
  deps: ReplicationDeps,
): Loop<ReplicationController, ObservedPods, ReplicationAction> {
  const observer = new ReplicationObserver(deps.cache);
  const executors = createExecutors(deps);
  return {
    reconciler: {
      name: 'replication',
      observe: async (key) => observer.observe(key),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    allKeys: () => deps.cache.list('ReplicationController').map(keyOf),
    *keysFor(change) {
      if (change.kind === 'ReplicationController') {
        const supersedes =
          change.type === 'DELETED' || change.previous?.metadata.generation !== change.object.metadata.generation;
        yield { key: keyOf(change.object), supersedes };
      }
      if (change.kind === 'Pod') {
        for (const pod of [change.object, change.previous ?? []].flat()) {
          for (const key of observer.controllersOf(pod)) yield { key };
        }
      }
    },
  };
}
