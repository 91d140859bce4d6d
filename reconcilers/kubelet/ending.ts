/**
 * How containers end: SIGTERM to all at once, their grace period, then the sidecars one by one, the last of them first, then removal, the
 * pause container last; and how a deleted pod does, which first leaves its Services. Pure; a part of the kubelet's plan.
 */
import type { Plan } from '../kit/reconciler.ts';
import type { Pod } from '../objects/pod.ts';
import type { KubeletAction } from './actions.ts';
import { podIdentity } from './container-spec.ts';
import { addressOf, handlerOf } from './handlers/handler.ts';
import type { PodContainer } from './identity.ts';
import type { PodObservation } from './observation.ts';
import { isRunningApp } from './pod-records.ts';

/** Kubernetes' minimumGracePeriodInSeconds: what a container gets whose time is already over. */
export const LEAST_GRACE_SECONDS = 2;
/** So late are the last of a pod's containers stopped at most, where the clocks are right. */
const BELIEVED_LATE_MS = 60_000;
/** Requests already sent to a pod that has left its Services, and routes not yet changed, get so long. */
const DRAIN_MS = 300;
/** A pod that EndpointSlices do not let go of is not waited for longer. */
const MOST_DRAIN_MS = 5_000;
/** The proxy does not say when it has changed its routes. */
const ROUTED_CHECK_MS = 50;
/** A stop under way is repeated when it would last longer than wanted by this much. */
const STOP_TOLERANCE_MS = 1_500;

export interface EndingOptions {
  /** Default: what each container's label says. */
  readonly graceSeconds?: (container: PodContainer) => number;
  readonly message?: (container: PodContainer) => string;
  /** Leave what has ended for its logs; default: remove everything once nothing runs. */
  readonly keepEnded?: boolean;
}

/** What comes next on the way to none of `containers` running: stops, or once nothing but pause runs, the removal of all. */
export function ending(
  containers: readonly PodContainer[],
  observed: PodObservation,
  now: number,
  options: EndingOptions = {},
): KubeletAction[] {
  const running = containers.filter(isRunningApp);
  if (running.length === 0) return options.keepEnded ? [] : removal(containers);

  const stops = nextToStop(running).flatMap((each) => {
    const graceSeconds = options.graceSeconds?.(each) ?? each.graceSeconds;
    const endsAt = observed.stopping[each.id];
    if (endsAt !== undefined && endsAt <= now + graceSeconds * 1000 + STOP_TOLERANCE_MS) return [];
    const message = options.message?.(each) ?? `Stopping container ${each.container}`;
    const preStop = graceSeconds > 0 && each.preStop && handlerOf(each.preStop, {}, addressOf(each, observed));
    return [{ container: each, stop: { id: each.id, graceSeconds, ...(preStop && { preStop }), message } }];
  });
  // Containers of several uids may be under one name.
  const byUid = Map.groupBy(stops, ({ container }) => container.podUid);
  return [...byUid].map(([uid, group]) => ({
    kind: 'stop-containers',
    pod: { ...observed.key, uid },
    containers: group.map(({ stop }) => stop),
  }));
}

/** Per pod: what is no sidecar, or once none of that runs, the last of the sidecars. */
function nextToStop(running: readonly PodContainer[]): PodContainer[] {
  return [...Map.groupBy(running, ({ podUid }) => podUid).values()].flatMap((own) => {
    const others = own.filter(({ sidecar }) => sidecar === undefined);
    if (others.length > 0) return others;
    const last = Math.max(...own.map(({ sidecar = 0 }) => sidecar));
    return own.filter(({ sidecar }) => sidecar === last);
  });
}

export function removal(containers: readonly PodContainer[]): KubeletAction[] {
  return containers.length === 0 ? [] : [{ kind: 'remove-containers', ids: containers.map(({ id }) => id) }];
}

export function removeVolumes(podUids: readonly string[]): KubeletAction[] {
  return podUids.length === 0 ? [] : [{ kind: 'remove-volumes', podUids }];
}

export function planDeletion(
  pod: Pod,
  own: readonly PodContainer[],
  observed: PodObservation,
  now: number,
): Plan<KubeletAction> {
  const drainMs = remainingDrainMs(pod, observed, now);
  const running = own.filter(isRunningApp);
  if (running.length > 0 && drainMs > 0) {
    const checkAgainAfterMs = observed.drain?.routed ? Math.min(drainMs, ROUTED_CHECK_MS) : drainMs;
    return { actions: [], because: 'deleted: it leaves its Services first', checkAgainAfterMs };
  }
  const actions = ending(own, observed, now, { graceSeconds: () => remainingGraceSeconds(pod, now) });
  if (running.length > 0) return { actions, because: `deleted: ${running.length} containers have their grace period` };
  const volumes = (observed.volumes?.held ?? []).filter((uid) => uid === pod.metadata.uid);
  return {
    actions: [...actions, ...removeVolumes(volumes), { kind: 'finish-deletion', pod: podIdentity(pod) }],
    because: 'deleted: nothing of it runs',
  };
}

function remainingDrainMs(pod: Pod, { drain }: PodObservation, now: number): number {
  const grace = pod.metadata.deletionGracePeriodSeconds ?? 0;
  if (drain === undefined || grace === 0) return 0;
  return drain.since + (drain.routed ? MOST_DRAIN_MS : DRAIN_MS) - now;
}

/**
 * The deletion's time is that of its request plus the grace period, by the clock of the master that was asked. One that is long past was
 * written by another clock, or while nobody was here: then the pod has all its time, which is safer than none.
 */
function remainingGraceSeconds({ metadata, spec }: Pod, now: number): number {
  const whole = metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds;
  const leftMs = Date.parse(metadata.deletionTimestamp ?? '') - now;
  if (leftMs < -BELIEVED_LATE_MS) return whole;
  return Math.min(whole, Math.max(LEAST_GRACE_SECONDS, Math.ceil(leftMs / 1000)));
}
