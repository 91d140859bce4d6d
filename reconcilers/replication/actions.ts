/** What the replication loop can do to the world: pods are claimed, released, made and deleted; the status is told. */
import type { ObjectKey, OwnerReference } from '../objects/meta.ts';
import type { PodTemplateSpec } from '../objects/pod.ts';
import type { ReplicationController } from '../objects/replication-controller.ts';

/** One pod as it was seen: a pod of the same name and another uid, or another version of it, is not meant. */
export interface SeenPod extends ObjectKey {
  readonly uid: string;
  readonly resourceVersion: string;
}

/** What all pods made by one action share; each gets one of its names. */
export interface PodPattern {
  readonly metadata: PodTemplateSpec['metadata'] & {
    readonly generateName: string;
    readonly ownerReferences: OwnerReference[];
  };
  readonly spec: PodTemplateSpec['spec'];
}

export type ReplicationAction =
  | {
      readonly kind: 'adopt-pod';
      readonly controller: ObjectKey;
      readonly pod: SeenPod;
      readonly owner: OwnerReference;
    }
  | { readonly kind: 'release-pod'; readonly pod: SeenPod; readonly ownerUid: string }
  | {
      readonly kind: 'create-pods';
      readonly controller: ObjectKey;
      /** Claims, see kit/claimed-names.ts. */
      readonly names: readonly string[];
      readonly pattern: PodPattern;
    }
  | { readonly kind: 'delete-pods'; readonly controller: ObjectKey; readonly pods: readonly SeenPod[] }
  | {
      readonly kind: 'write-status';
      readonly controller: ObjectKey & { readonly resourceVersion: string };
      readonly status: ReplicationController['status'];
    };
