/**
 * Wires the resource-quota loop, one key per ResourceQuota. What is created is counted by admission, with its write; this loop
 * counts what there was before and what goes away. Assembled on the leading master; decides nothing itself.
 */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import type { ResourceQuota } from '../objects/kinds/resource-quota.ts';
import { keyOf } from '../objects/meta.ts';
import { isCounted, usageOf } from '../objects/policy/quota-usage.ts';
import { equalLists } from '../objects/policy/resource-list.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectChange, ObjectClient } from '../ports/object-client.ts';
import type { ResourceQuotaAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { type ObservedUsage, observeUsage } from './observe.ts';
import { plan } from './plan.ts';

/** Pods go in crowds, and each count reads them all. */
const GATHER_MS = 250;

export interface ResourceQuotaDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
  readonly clock: Clock;
}

export function createResourceQuotaLoop(
  deps: ResourceQuotaDeps,
): Loop<ResourceQuota, ObservedUsage, ResourceQuotaAction> {
  const { cache, clock } = deps;
  const executors = createExecutors(deps);
  return {
    reconciler: {
      name: 'resource-quota',
      observe: async (key) => observeUsage(cache, key),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    gatherMs: GATHER_MS,
    allKeys: () => cache.list('ResourceQuota').map(keyOf),
    *keysFor(change) {
      const { object, kind } = change;
      if (kind === 'ResourceQuota') yield { key: keyOf(object) };
      if (!isCounted(kind) || object.metadata.namespace === undefined) return;
      const quotas = cache.list('ResourceQuota', object.metadata.namespace);
      if (quotas.length > 0 && changesUsage(change, clock.now()))
        for (const quota of quotas) yield { key: keyOf(quota) };
    },
  };
}

/** Most writes are statuses, and use no more and no less. */
function changesUsage({ type, object, previous }: ObjectChange, now: number): boolean {
  if (type !== 'MODIFIED' || previous === undefined) return true;
  const isMarked = (previous.metadata.deletionTimestamp ?? '') !== (object.metadata.deletionTimestamp ?? '');
  return isMarked || !equalLists(usageOf(object, now), usageOf(previous, now));
}
