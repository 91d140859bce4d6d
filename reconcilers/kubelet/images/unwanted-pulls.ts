/**
 * Pulls that nobody waits for any more: of a pod that is gone, ends or has ended, or that names another image by now. Pure; a part of
 * the kubelet's plan. Where other pods wait for the same pull it goes on for them.
 */
import { allContainers, isPodTerminal, type Pod } from '../../objects/pod.ts';
import type { GiveUpPulls } from '../actions.ts';
import type { PodObservation } from '../observation.ts';

export function unwantedPulls(desired: Pod | undefined, { pullsUnderWay = [] }: PodObservation): GiveUpPulls[] {
  const waits = desired !== undefined && desired.metadata.deletionTimestamp === undefined && !isPodTerminal(desired);
  const wanted = new Set(waits ? allContainers(desired.spec).map(({ image }) => image) : []);
  const pulls = pullsUnderWay.filter(({ podUid, image }) => podUid !== desired?.metadata.uid || !wanted.has(image));
  return pulls.length === 0 ? [] : [{ kind: 'give-up-pulls', pulls }];
}
