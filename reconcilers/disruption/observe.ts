/** What the disruption loop reads: a budget, the pods it protects, and how many pods their controllers want. Cache only. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import type { PodDisruptionBudget } from '../objects/kinds/pod-disruption-budget.ts';
import { controllerOf, type ObjectKey } from '../objects/meta.ts';
import type { Pod } from '../objects/pod.ts';
import { protects } from '../objects/policy/disruption-budget.ts';

export interface ObservedPods {
  /** In whatever state. */
  readonly pods: readonly Pod[];
  /** Replicas wished for, by the uid of the controller; one that is unknown or gone is not in it. */
  readonly scales: Readonly<Record<string, number>>;
}

export function observeBudget(cache: ReadOnlyCache, key: ObjectKey): Observation<PodDisruptionBudget, ObservedPods> {
  const budget = cache.get('PodDisruptionBudget', key);
  if (budget === undefined) return { desired: undefined, observed: { pods: [], scales: {} } };
  const pods = cache.list('Pod', key.namespace).filter((pod) => protects(budget, pod));
  const scales: Record<string, number> = {};
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (owner?.kind !== 'ReplicationController' || scales[owner.uid] !== undefined) continue;
    const controller = cache.get('ReplicationController', { namespace: key.namespace, name: owner.name });
    if (controller?.metadata.uid === owner.uid) scales[owner.uid] = controller.spec.replicas;
  }
  return { desired: budget, observed: { pods, scales } };
}
