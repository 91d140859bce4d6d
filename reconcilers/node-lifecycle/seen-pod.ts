/** A pod as the plan saw it: what the executors insist on. Pure. */
import { keyOf } from '../objects/meta.ts';
import type { Pod } from '../objects/pod.ts';
import type { SeenPod } from './actions.ts';

export function seen(pod: Pod): SeenPod {
  return { ...keyOf(pod), uid: pod.metadata.uid, resourceVersion: pod.metadata.resourceVersion };
}
