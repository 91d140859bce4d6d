/** The status of a controller as its pods make it. Called by plan.ts; pure. */
import { equalJson, type Json } from '../objects/json.ts';
import { type Condition, toTimestamp } from '../objects/meta.ts';
import { isPodReady, type Pod } from '../objects/pod.ts';
import type { ReplicationController } from '../objects/replication-controller.ts';
import { matchesMapSelector } from '../objects/selector.ts';
import { availableInMs } from './availability.ts';

type Status = ReplicationController['status'];

const REPLICA_FAILURE = 'ReplicaFailure';

/** `pods`: the active ones, when nothing is left to create or delete: a failure told before is over. */
export function settledStatus(controller: ReplicationController, pods: readonly Pod[], now: number): Status {
  return statusWith(otherConditions(controller.status), controller, pods, now);
}

/** What there is meanwhile, while a failure keeps the rest from being made or deleted. */
export function failingStatus(controller: ReplicationController, pods: readonly Pod[], now: number): Status {
  return statusWith(controller.status.conditions ?? [], controller, pods, now);
}

export function isFailing({ conditions = [] }: Status): boolean {
  return conditions.some(({ type, status }) => type === REPLICA_FAILURE && status === 'True');
}

function statusWith(
  conditions: Condition[],
  controller: ReplicationController,
  pods: readonly Pod[],
  now: number,
): Status {
  const { minReadySeconds = 0, template } = controller.spec;
  const { labels } = template.metadata;
  const count = (matches: (pod: Pod) => boolean) => pods.filter(matches).length;
  return {
    replicas: pods.length,
    fullyLabeledReplicas: count((pod) => matchesMapSelector(labels, pod.metadata.labels)),
    readyReplicas: count(isPodReady),
    availableReplicas: count((pod) => availableInMs(pod, minReadySeconds, now) === 0),
    observedGeneration: controller.metadata.generation ?? 0,
    ...(conditions.length > 0 && { conditions }),
  };
}

/** The status with the condition that says why pods cannot be made or deleted; as it is where it says so already. */
export function failureStatus(
  status: Status,
  reason: 'FailedCreate' | 'FailedDelete',
  message: string,
  now: number,
): Status {
  const told = status.conditions?.find((condition) => condition.type === REPLICA_FAILURE);
  if (told?.status === 'True' && told.reason === reason && isSameMessage(told.message, message)) return status;
  const failure: Condition = { type: REPLICA_FAILURE, status: 'True', reason, message };
  const lastTransitionTime =
    told?.status === 'True' && told.lastTransitionTime ? told.lastTransitionTime : toTimestamp(now);
  return { ...status, conditions: [...otherConditions(status), { ...failure, lastTransitionTime }] };
}

/** Each attempt names another pod, which is no news. */
function isSameMessage(told = '', message: string): boolean {
  const [before, after] = [told, message].map((text) => text.replaceAll(/"[^"]*"/g, '""'));
  return before === after;
}

export function isSameStatus(a: Status, b: Status): boolean {
  return equalJson(a as unknown as Json, b as unknown as Json);
}

function otherConditions(status: Status): Condition[] {
  return (status.conditions ?? []).filter((condition) => condition.type !== REPLICA_FAILURE);
}
