/** Wires the disruption loop, one key per PodDisruptionBudget. Assembled on the leading master; decides nothing itself. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import type { PodDisruptionBudget } from '../objects/kinds/pod-disruption-budget.ts';
import { keyOf } from '../objects/meta.ts';
import { isPodReady, type Pod } from '../objects/pod.ts';
import { protects } from '../objects/policy/disruption-budget.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { DisruptionAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { type ObservedPods, observeBudget } from './observe.ts';
import { plan } from './plan.ts';

export interface DisruptionDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
}

export function createDisruptionLoop(deps: DisruptionDeps): Loop<PodDisruptionBudget, ObservedPods, DisruptionAction> {
  const { cache } = deps;
  const executors = createExecutors(deps);
  return {
    reconciler: {
      name: 'disruption',
      observe: async (key) => observeBudget(cache, key),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    allKeys: () => cache.list('PodDisruptionBudget').map(keyOf),
    *keysFor(change) {
      const { object, previous } = change;
      if (change.kind === 'PodDisruptionBudget') yield { key: keyOf(object) };
      if (change.kind === 'Pod') {
        const pods = [change.object, change.previous ?? []].flat();
        const isNews = pods.length === 1 || change.type === 'DELETED' || shownOf(pods[0]) !== shownOf(pods[1]);
        for (const budget of isNews ? cache.list('PodDisruptionBudget', object.metadata.namespace) : []) {
          if (pods.some((pod) => protects(budget, pod))) yield { key: keyOf(budget) };
        }
      }
      if (change.kind === 'ReplicationController' && object.metadata.generation !== previous?.metadata.generation) {
        for (const budget of cache.list('PodDisruptionBudget', object.metadata.namespace)) yield { key: keyOf(budget) };
      }
    },
  };
}

/** A text of all that a budget could see of the pod. */
function shownOf(pod: Pod | undefined): string {
  if (pod === undefined) return '';
  const { labels, ownerReferences, deletionTimestamp } = pod.metadata;
  return JSON.stringify([labels, ownerReferences, deletionTimestamp, isPodReady(pod)]);
}
