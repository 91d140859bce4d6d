/**
 * How many pods to make and which to stop, for one look at a controller: plain scaling, and the steps of a rollout. Called by
 * plan.ts; pure arithmetic over the active pods. docs/decisions/0007 explains where it departs from a Deployment's.
 */
import { allContainerStatuses, type Pod } from '../objects/pod.ts';
import type { ReplicationController } from '../objects/replication-controller.ts';
import { type RollingUpdate, updateStrategyOf } from '../objects/update-strategy.ts';
import { availableInMs } from './availability.ts';
import { leastUsefulFirst } from './deletion-order.ts';
import { templateMatcher } from './template-revision.ts';

export interface ReplicaChanges {
  readonly create: number;
  readonly remove: readonly Pod[];
  /** The sentence for the user. */
  readonly because: string;
}

/** `pods`: the controller's active pods (not ended, not being deleted). `now` in milliseconds since the epoch. */
export function replicaChanges(controller: ReplicationController, pods: readonly Pod[], now: number): ReplicaChanges {
  const strategy = updateStrategyOf(controller);
  if (strategy.type === 'RollingUpdate') {
    const isCurrent = templateMatcher(controller.spec.template);
    const old = pods.filter((pod) => !isCurrent(pod));
    if (old.length > 0) return rolloutStep(controller, strategy, pods, old, now);
  }
  return scaling(controller, pods);
}

function scaling(controller: ReplicationController, pods: readonly Pod[]): ReplicaChanges {
  const { replicas } = controller.spec;
  return {
    create: Math.max(0, replicas - pods.length),
    remove: leastUsefulFirst(pods, pods).slice(0, Math.max(0, pods.length - replicas)),
    because: `${pods.length} of ${replicas} replicas exist`,
  };
}

/**
 * One step of a rollout, as a Deployment's (pkg/controller/deployment/rolling.go), and two rules more: no available old pod stops
 * before a new one has proved available, while surge leaves room for that; old pods that cannot run are no reason to wait.
 */
function rolloutStep(
  controller: ReplicationController,
  strategy: RollingUpdate,
  pods: readonly Pod[],
  old: readonly Pod[],
  now: number,
): ReplicaChanges {
  const { replicas, minReadySeconds = 0 } = controller.spec;
  const isAvailable = (pod: Pod) => availableInMs(pod, minReadySeconds, now) === 0;
  const isOld = new Set(old);
  const current = pods.filter((pod) => !isOld.has(pod));

  const surplus = leastUsefulFirst(current, pods).slice(0, Math.max(0, current.length - replicas));
  const stuck = old.filter((pod) => !isAvailable(pod) && cannotRun(pod));
  const kept = without(current, surplus);
  const keptOld = without(old, stuck);
  const keptAvailable = kept.filter(isAvailable).length;

  const proven = keptAvailable > 0 || strategy.maxSurge === 0 || replicas === 0;
  const minAvailable = replicas - (proven ? strategy.maxUnavailable : 0);

  // So many old pods may stop that minAvailable are left even if no further new pod ever becomes available.
  const room = Math.max(0, keptAvailable + keptOld.length - minAvailable);
  const order = leastUsefulFirst(keptOld, pods);
  const replaced = [...order.filter((pod) => !isAvailable(pod)), ...order.filter(isAvailable)].slice(0, room);
  const remove = [...surplus, ...stuck, ...replaced];

  const left = pods.length - remove.length;
  const create = Math.max(0, Math.min(replicas + strategy.maxSurge - left, replicas - kept.length));
  return {
    create,
    remove,
    because: `${keptAvailable} of ${replicas} replicas have the new template`,
  };
}

/** The pod is not only unready: no node, no image, or it crashes again and again. */
function cannotRun(pod: Pod): boolean {
  return (
    pod.status.phase === 'Pending' ||
    allContainerStatuses(pod).some((status) => status.state.waiting?.reason === 'CrashLoopBackOff')
  );
}

function without(pods: readonly Pod[], removed: readonly Pod[]): Pod[] {
  const gone = new Set(removed);
  return pods.filter((pod) => !gone.has(pod));
}
