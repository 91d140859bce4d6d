/**
 * The PersistentVolumeClaims that a pod uses: those it names, and those that are made for it from the templates of its ephemeral
 * volumes. Pure. https://kubernetes.io/docs/concepts/storage/ephemeral-volumes/#generic-ephemeral-volumes
 */
import type { PersistentVolumeClaim } from './kinds/persistent-volume-claim.ts';
import { controllerOf, type ObjectKey } from './meta.ts';
import type { Pod } from './pod.ts';
import type { Volume } from './volumes.ts';

export interface PodClaim extends ObjectKey {
  /** The volume's name in the pod. */
  readonly volume: string;
  /** Made for the pod, and gone with it. */
  readonly isEphemeral: boolean;
}

export function podClaims(pod: Pod): PodClaim[] {
  return (pod.spec.volumes ?? []).flatMap((volume) => podClaim(pod, volume) ?? []);
}

/** Undefined where the volume is no claim's. */
export function podClaim({ metadata }: Pod, volume: Volume): PodClaim | undefined {
  const { name, persistentVolumeClaim, ephemeral } = volume;
  const { namespace = '' } = metadata;
  if (persistentVolumeClaim) {
    return { volume: name, namespace, name: persistentVolumeClaim.claimName, isEphemeral: false };
  }
  if (ephemeral === undefined) return undefined;
  return { volume: name, namespace, name: `${metadata.name}-${name}`, isEphemeral: true };
}

/** A claim of the name that was not made for the pod is another's, and never used by mistake. */
export function isForeign(pod: Pod, { isEphemeral }: PodClaim, claim: PersistentVolumeClaim): boolean {
  return isEphemeral && controllerOf(claim)?.uid !== pod.metadata.uid;
}

export function foreignClaim(pod: Pod, claim: ObjectKey): string {
  const { name, namespace = '' } = pod.metadata;
  return `PVC ${claim.namespace}/${claim.name} was not created for pod ${namespace}/${name} (pod is not owner)`;
}
