/**
 * What the volume-binder reads: a claim with what it could be bound to and who uses it, or a volume with the claim it is kept for.
 * Volumes have no namespace, which is how their keys are told from claims'. Cache only.
 */
import type { ObjectIndex, ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import type { PersistentVolume } from '../objects/kinds/persistent-volume.ts';
import type { PersistentVolumeClaim } from '../objects/kinds/persistent-volume-claim.ts';
import { isDefaultClass, type StorageClass } from '../objects/kinds/storage-class.ts';
import { formatKey, keyOf, type ObjectKey } from '../objects/meta.ts';
import type { SelectedNode } from '../objects/node-selector.ts';
import type { Pod } from '../objects/pod.ts';
import { isForeign, podClaims } from '../objects/pod-claims.ts';
import { annotationOf, isKeptFor, SELECTED_NODE } from '../objects/volume-binding.ts';
import type { Announcement } from './actions.ts';

export interface ObservedStorage {
  /** What people were told last of the object; absent: nothing yet. */
  readonly announced?: Announcement;
  /** Absent for volumes. */
  readonly claim?: ObservedClaim;
  /** Absent for claims. */
  readonly volume?: ObservedVolume;
}

export interface ObservedClaim {
  /** The one that the claim names, or the default class where it names none. */
  readonly storageClass?: StorageClass;
  /** The volume it names, those that are kept for it, and those that are nobody's. */
  readonly volumes: readonly PersistentVolume[];
  /** Where its first pod is to run; absent where no node was selected, or that node is gone. */
  readonly node?: SelectedNode;
  /** Names of the pods that have a node, and so its volume or soon will. */
  readonly users: readonly string[];
  /** The node of the first of them. */
  readonly userNode?: string;
  /** Names of the pods that wait for one. */
  readonly waiting: readonly string[];
}

export interface ObservedVolume {
  /** The one it is kept for, under whatever uid. */
  readonly claim?: PersistentVolumeClaim;
}

export class StorageObserver {
  readonly #cache: ReadOnlyCache;
  readonly #podsByClaim: ObjectIndex<Pod>;
  readonly #announced: ReadonlyMap<string, Announcement>;

  /** `announced`: by uid. */
  constructor(cache: ReadOnlyCache, announced: ReadonlyMap<string, Announcement>) {
    this.#cache = cache;
    this.#podsByClaim = cache.index('Pod', (pod) => podClaims(pod).map(formatKey));
    this.#announced = announced;
  }

  observe(key: ObjectKey): Observation<PersistentVolumeClaim | PersistentVolume, ObservedStorage> {
    const isVolume = key.namespace === '';
    const desired = isVolume ? this.#cache.get('PersistentVolume', key) : this.#cache.get('PersistentVolumeClaim', key);
    if (desired === undefined) return { desired, observed: {} };
    const announced = this.#announced.get(desired.metadata.uid);
    return {
      desired,
      observed: {
        ...(announced && { announced }),
        ...(desired.kind === 'PersistentVolume'
          ? { volume: this.#ofVolume(desired) }
          : { claim: this.#ofClaim(desired) }),
      },
    };
  }

  #ofVolume({ spec: { claimRef } }: PersistentVolume): ObservedVolume {
    const claim =
      claimRef &&
      this.#cache.get('PersistentVolumeClaim', { namespace: claimRef.namespace ?? '', name: claimRef.name ?? '' });
    return claim === undefined ? {} : { claim };
  }

  #ofClaim(claim: PersistentVolumeClaim): ObservedClaim {
    const cache = this.#cache;
    const storageClass = this.#classOf(claim);
    const pods = this.#podsByClaim.get(formatKey(keyOf(claim))).filter((pod) => {
      const own = podClaims(pod).filter(({ name }) => name === claim.metadata.name);
      return own.some((each) => !isForeign(pod, each, claim));
    });
    const users = pods.filter(({ spec }) => spec.nodeName !== undefined).sort(byName);
    const selected = annotationOf(claim, SELECTED_NODE);
    const node = selected === undefined ? undefined : cache.get('Node', { namespace: '', name: selected });
    const userNode = users[0]?.spec.nodeName;
    return {
      ...(storageClass && { storageClass }),
      volumes: cache
        .list('PersistentVolume')
        .filter(
          (volume) =>
            volume.metadata.name === claim.spec.volumeName ||
            volume.spec.claimRef === undefined ||
            isKeptFor(volume, claim),
        ),
      ...(node && { node: { name: node.metadata.name, labels: node.metadata.labels ?? {} } }),
      users: users.map(({ metadata }) => metadata.name),
      ...(userNode !== undefined && { userNode }),
      waiting: pods
        .filter(({ spec }) => spec.nodeName === undefined)
        .sort(byName)
        .map(({ metadata }) => metadata.name),
    };
  }

  /** Of several default classes the newest counts, as in Kubernetes. */
  #classOf({ spec: { storageClassName } }: PersistentVolumeClaim): StorageClass | undefined {
    if (storageClassName === '') return undefined;
    if (storageClassName !== undefined) {
      return this.#cache.get('StorageClass', { namespace: '', name: storageClassName });
    }
    const [newest] = this.#cache
      .list('StorageClass')
      .filter(isDefaultClass)
      .sort(
        (a, b) =>
          b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp) ||
          a.metadata.name.localeCompare(b.metadata.name),
      );
    return newest;
  }
}

function byName(a: Pod, b: Pod): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
