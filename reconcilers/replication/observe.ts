/** What the replication loop reads: the controller, the pods that are or could be its own, the names in use. Cache only. */
import { namePrefix, prefixOf } from '../kit/claimed-names.ts';
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import { controllerOf, type KubeObject, keyOf, type ObjectKey } from '../objects/meta.ts';
import { isPodTerminal, type Pod } from '../objects/pod.ts';
import type { ReplicationController } from '../objects/replication-controller.ts';
import { matchesMapSelector } from '../objects/selector.ts';

export interface ObservedPods {
  /** Active ones (not ended, not being deleted): those it owns, and ownerless ones that its selector matches. */
  readonly pods: readonly Pod[];
  /** Of all pods whose names start like those it would make, whoever owns them and whatever their state. */
  readonly takenNames: readonly string[];
  /** The namespace takes nothing new any more. */
  readonly namespaceTerminating: boolean;
}

export class ReplicationObserver {
  readonly #cache;
  readonly #byOwner;
  readonly #orphans;
  readonly #byPrefix;

  constructor(cache: ReadOnlyCache) {
    this.#cache = cache;
    this.#byOwner = cache.index('Pod', (pod) => ownerUids(pod));
    this.#orphans = cache.index('Pod', (pod) => (controllerOf(pod) === undefined ? [namespaceOf(pod)] : []));
    this.#byPrefix = cache.index('Pod', (pod) => [`${namespaceOf(pod)}/${prefixOf(pod.metadata.name)}`]);
  }

  observe(key: ObjectKey): Observation<ReplicationController, ObservedPods> {
    const controller = this.#cache.get('ReplicationController', key);
    if (controller === undefined) {
      return { desired: undefined, observed: { pods: [], takenNames: [], namespaceTerminating: false } };
    }
    const owned = this.#byOwner.get(controller.metadata.uid);
    const adoptable = this.#orphans.get(key.namespace).filter((pod) => selects(controller, pod));
    const similar = this.#byPrefix.get(`${key.namespace}/${namePrefix(key.name)}`);
    const namespace = this.#cache.get('Namespace', { namespace: '', name: key.namespace });
    return {
      desired: controller,
      observed: {
        pods: [...owned, ...adoptable].filter(isActive),
        takenNames: similar.map((pod) => pod.metadata.name),
        namespaceTerminating: namespace?.metadata.deletionTimestamp !== undefined,
      },
    };
  }

  /** The controllers that have to look at this pod: its owner, or those that could adopt it. */
  controllersOf(pod: Pod): ObjectKey[] {
    const owner = controllerOf(pod);
    const namespace = namespaceOf(pod);
    if (owner !== undefined) return owner.kind === 'ReplicationController' ? [{ namespace, name: owner.name }] : [];
    return this.#cache
      .list('ReplicationController', namespace)
      .filter((controller) => selects(controller, pod))
      .map(keyOf);
  }
}

function isActive(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined && !isPodTerminal(pod);
}

function selects(controller: ReplicationController, pod: Pod): boolean {
  return matchesMapSelector(controller.spec.selector, pod.metadata.labels);
}

function ownerUids(pod: Pod): string[] {
  const owner = controllerOf(pod);
  return owner === undefined ? [] : [owner.uid];
}

function namespaceOf(object: KubeObject): string {
  return object.metadata.namespace ?? '';
}
