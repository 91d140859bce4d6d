/**
 * What to do about one ReplicationController: first settle whose pods are whose, then bring their number and template about, then
 * tell the status. Each look does the first of these that is needed. Pure.
 */
import { claimedNames, namePrefix } from '../kit/claimed-names.ts';
import type { Plan } from '../kit/reconciler.ts';
import { controllerOf, keyOf, type ObjectKey, type OwnerReference } from '../objects/meta.ts';
import type { Pod } from '../objects/pod.ts';
import { podTemplateHash } from '../objects/pod-template-hash.ts';
import type { ReplicationController } from '../objects/replication-controller.ts';
import { matchesMapSelector } from '../objects/selector.ts';
import type { PodPattern, ReplicationAction, SeenPod } from './actions.ts';
import { availableInMs } from './availability.ts';
import type { ObservedPods } from './observe.ts';
import { replicaChanges } from './replica-changes.ts';
import { failingStatus, isFailing, isSameStatus, settledStatus } from './status.ts';
import { ANNOTATION_TEMPLATE_HASH } from './template-revision.ts';

export function plan(
  controller: ReplicationController | undefined,
  observed: ObservedPods,
  now: number,
): Plan<ReplicationAction> {
  if (controller === undefined || controller.metadata.deletionTimestamp !== undefined) {
    return { actions: [], because: 'the controller is gone or going; the garbage collector removes its pods' };
  }
  const claims = claimPods(controller, observed.pods);
  if (claims.length > 0) return { actions: claims, because: 'labels decide which pods belong to the controller' };

  const changes = replicaChanges(controller, observed.pods, now);
  const { because } = changes;
  const waits = untilAvailable(controller, observed.pods, now);
  const actions: ReplicationAction[] = [];
  if (changes.remove.length > 0) {
    actions.push({ kind: 'delete-pods', controller: keyOf(controller), pods: changes.remove.map(seen) });
  }
  if (changes.create > 0 && !observed.namespaceTerminating)
    actions.push(createPods(controller, observed, changes.create));
  if (actions.length === 0) actions.push(...tellStatus(controller, settledStatus(controller, observed.pods, now)));
  // What fails is tried again and again; what there is must be known meanwhile.
  else if (isFailing(controller.status)) {
    actions.unshift(...tellStatus(controller, failingStatus(controller, observed.pods, now)));
  }
  return { actions, because, ...(waits !== undefined && { checkAgainAfterMs: waits }) };
}

function claimPods(controller: ReplicationController, pods: readonly Pod[]): ReplicationAction[] {
  return pods.flatMap((pod): ReplicationAction[] => {
    const matches = matchesMapSelector(controller.spec.selector, pod.metadata.labels);
    const owned = controllerOf(pod)?.uid === controller.metadata.uid;
    if (matches === owned) return [];
    if (owned) return [{ kind: 'release-pod', pod: seen(pod), ownerUid: controller.metadata.uid }];
    return [{ kind: 'adopt-pod', controller: keyOf(controller), pod: seen(pod), owner: ownerReference(controller) }];
  });
}

function createPods(controller: ReplicationController, observed: ObservedPods, count: number): ReplicationAction {
  const { template } = controller.spec;
  const { name, uid, resourceVersion } = controller.metadata;
  const pattern: PodPattern = {
    metadata: {
      generateName: namePrefix(name),
      labels: { ...template.metadata.labels },
      annotations: { ...template.metadata.annotations, [ANNOTATION_TEMPLATE_HASH]: podTemplateHash(template) },
      ownerReferences: [ownerReference(controller)],
    },
    spec: template.spec,
  };
  return {
    kind: 'create-pods',
    controller: keyOf(controller),
    names: claimedNames(name, `${uid}/${resourceVersion}`, observed.takenNames, count),
    pattern,
  };
}

function tellStatus(controller: ReplicationController, status: ReplicationController['status']): ReplicationAction[] {
  if (isSameStatus(status, controller.status)) return [];
  const { resourceVersion } = controller.metadata;
  return [{ kind: 'write-status', controller: { ...keyOf(controller), resourceVersion }, status }];
}

/** Milliseconds until the next ready pod has been so for `minReadySeconds`. */
function untilAvailable(controller: ReplicationController, pods: readonly Pod[], now: number): number | undefined {
  const waits = pods.flatMap((pod) => availableInMs(pod, controller.spec.minReadySeconds ?? 0, now) || []);
  return waits.length === 0 ? undefined : Math.min(...waits);
}

function ownerReference(controller: ReplicationController): OwnerReference {
  const { name, uid } = controller.metadata;
  return { apiVersion: 'v1', kind: 'ReplicationController', name, uid, controller: true, blockOwnerDeletion: true };
}

function seen(pod: Pod): SeenPod {
  const key: ObjectKey = keyOf(pod);
  return { ...key, uid: pod.metadata.uid, resourceVersion: pod.metadata.resourceVersion };
}
