/** What the ephemeral-claims loop reads: a pod, and which of the claims that are made for pods are there. Cache only. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import type { ObjectKey } from '../objects/meta.ts';
import type { Pod } from '../objects/pod.ts';
import { podClaims } from '../objects/pod-claims.ts';

export interface ObservedClaims {
  /** Names of claims that are there, whoever made them. */
  readonly present: readonly string[];
}

export function observeClaims(cache: ReadOnlyCache, key: ObjectKey): Observation<Pod, ObservedClaims> {
  const desired = cache.get('Pod', key);
  const claims = desired === undefined ? [] : podClaims(desired).filter(({ isEphemeral }) => isEphemeral);
  const present = claims.filter((claim) => cache.get('PersistentVolumeClaim', claim) !== undefined);
  return { desired, observed: { present: present.map(({ name }) => name) } };
}
