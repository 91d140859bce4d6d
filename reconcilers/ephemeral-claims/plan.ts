/**
 * Plans the claims that a pod's ephemeral volumes ask for; they are owned by the pod, and the garbage collector takes them with it.
 * Pure. Source: pkg/controller/volume/ephemeral
 */
import type { Plan } from '../kit/reconciler.ts';
import type { PersistentVolumeClaim } from '../objects/kinds/persistent-volume-claim.ts';
import type { Draft } from '../objects/meta.ts';
import { isPodTerminal, type Pod } from '../objects/pod.ts';
import { podClaim } from '../objects/pod-claims.ts';
import type { ClaimTemplate } from '../objects/volumes.ts';
import type { EphemeralClaimsAction } from './actions.ts';
import type { ObservedClaims } from './observe.ts';

export function plan(pod: Pod | undefined, { present }: ObservedClaims): Plan<EphemeralClaimsAction> {
  if (pod === undefined || pod.metadata.deletionTimestamp !== undefined || isPodTerminal(pod)) {
    return { actions: [], because: 'the pod needs no volumes any more' };
  }
  const actions = (pod.spec.volumes ?? []).flatMap((volume): EphemeralClaimsAction[] => {
    const name = podClaim(pod, volume)?.name;
    if (volume.ephemeral === undefined || name === undefined || present.includes(name)) return [];
    return [{ kind: 'create-claim', claim: claimFor(pod, name, volume.ephemeral.volumeClaimTemplate) }];
  });
  const because = actions.length === 0 ? 'its claims are there' : 'it has volumes of its own that nobody claims yet';
  return { actions, because };
}

function claimFor({ metadata }: Pod, name: string, template: ClaimTemplate): Draft<PersistentVolumeClaim> {
  const { labels, annotations } = template.metadata ?? {};
  const owner = { apiVersion: 'v1', kind: 'Pod', name: metadata.name, uid: metadata.uid };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      namespace: metadata.namespace ?? '',
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
    },
    spec: template.spec,
    status: { phase: 'Pending' },
  };
}
