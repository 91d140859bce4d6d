/**
 * Wires the loop that claims what pods' ephemeral volumes ask for, one key per pod. Assembled on the leading master; decides nothing
 * itself.
 */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import { formatKey, keyOf } from '../objects/meta.ts';
import type { Pod } from '../objects/pod.ts';
import { podClaims } from '../objects/pod-claims.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { EphemeralClaimsAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { type ObservedClaims, observeClaims } from './observe.ts';
import { plan } from './plan.ts';

export interface EphemeralClaimsDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
}

export function createEphemeralClaimsLoop(deps: EphemeralClaimsDeps): Loop<Pod, ObservedClaims, EphemeralClaimsAction> {
  const { cache } = deps;
  const executors = createExecutors(deps);
  const podsByClaim = cache.index('Pod', (pod) => ephemeral(pod).map(formatKey));
  return {
    reconciler: {
      name: 'ephemeral-claims',
      observe: async (key) => observeClaims(cache, key),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    allKeys: () =>
      cache
        .list('Pod')
        .filter((pod) => ephemeral(pod).length > 0)
        .map(keyOf),
    *keysFor({ kind, type, object }) {
      if (kind === 'Pod' && type === 'ADDED' && ephemeral(object).length > 0) yield { key: keyOf(object) };
      if (kind !== 'PersistentVolumeClaim' || type !== 'DELETED') return;
      for (const pod of podsByClaim.get(formatKey(keyOf(object)))) yield { key: keyOf(pod) };
    },
  };
}

function ephemeral(pod: Pod) {
  return podClaims(pod).filter(({ isEphemeral }) => isEphemeral);
}
