/**
 * The kubelet's decisions about one pod, pure: what is started, stopped, removed and reported, in which order. Never destructive
 * before it must be: pull, then stop the old; and nothing at all while the cache or the runtime cannot be believed.
 */

import type { Plan } from '../kit/reconciler.ts';
import { isPodTerminal, type Pod } from '../objects/pod.ts';
import type { KubeletAction } from './actions.ts';
import { hostPorts } from './container-spec.ts';
import { ending, planDeletion, removeVolumes } from './ending.ts';
import type { PodContainer } from './identity.ts';
import { unwantedPulls } from './images/unwanted-pulls.ts';
import type { PodObservation } from './observation.ts';
import { planEnded } from './plan-ended.ts';
import { planRunning } from './plan-running.ts';
import { podRecords } from './pod-records.ts';
import { attention } from './probes/wanted-probes.ts';

const NOTHING_LEFT = 'nothing is declared and nothing is left';

export function plan(desired: Pod | undefined, observed: PodObservation, now: number): Plan<KubeletAction> {
  if (!observed.synced) return nothing('the declared state is not read yet');
  if (observed.runtime === 'unreachable') return nothing('Docker does not answer; what is known stays as it is');

  const uid = desired?.metadata.uid;
  const own = observed.containers.filter(({ podUid }) => podUid === uid);
  const foreign = observed.containers.filter(({ podUid }) => podUid !== uid);
  const orphans = [...unwantedPulls(desired, observed), ...ending(foreign, observed, now)];
  if (desired === undefined) {
    const actions = [...orphans, ...leftVolumes(uid, foreign, observed), ...attention(undefined, own, observed)];
    const because = actions.length === 0 && foreign.length === 0 ? NOTHING_LEFT : 'nobody wants what is left of it';
    return { actions, because };
  }
  if (foreign.length > 0 && hostPorts(desired).length > 0) {
    return { actions: orphans, because: 'containers of a pod that had this name may still hold the host ports' };
  }
  const planned = planOwn(desired, own, observed, now);
  const others = [...orphans, ...leftVolumes(uid, foreign, observed)];
  return { ...planned, actions: [...others, ...planned.actions, ...attention(desired, own, observed)] };
}

function planOwn(pod: Pod, own: readonly PodContainer[], observed: PodObservation, now: number): Plan<KubeletAction> {
  if (pod.metadata.deletionTimestamp !== undefined) return planDeletion(pod, own, observed, now);
  const records = podRecords(own);
  return isPodTerminal(pod) ? planEnded(pod, records, observed, now) : planRunning(pod, records, observed, now);
}

/** Volumes of pods that had this name, and of which no container is left. */
function leftVolumes(
  uid: string | undefined,
  foreign: readonly PodContainer[],
  observed: PodObservation,
): KubeletAction[] {
  const inUse = new Set([uid, ...foreign.map(({ podUid }) => podUid)]);
  return removeVolumes((observed.volumes?.held ?? []).filter((each) => !inUse.has(each)));
}

function nothing(because: string): Plan<KubeletAction> {
  return { actions: [], because };
}
