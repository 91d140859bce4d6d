/**
 * What the resource-quota loop reads: a quota, and all that it counts. Out of the cache, which is one revision: what admission has
 * counted on the quota's version is among these objects, so a count that is written over that version leaves nothing out.
 */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import type { ResourceQuota } from '../objects/kinds/resource-quota.ts';
import { type AnyObject, CACHED_KINDS } from '../objects/kinds.ts';
import type { ObjectKey } from '../objects/meta.ts';
import { countsToward, isCounted, isCountedBy } from '../objects/policy/quota-usage.ts';

export interface ObservedUsage {
  readonly counted: readonly AnyObject[];
}

const COUNTED_KINDS = CACHED_KINDS.filter(isCounted);

export function observeUsage(cache: ReadOnlyCache, key: ObjectKey): Observation<ResourceQuota, ObservedUsage> {
  const quota = cache.get('ResourceQuota', key);
  if (quota === undefined) return { desired: undefined, observed: { counted: [] } };
  const limited = Object.keys(quota.spec.hard ?? {});
  const kinds = COUNTED_KINDS.filter((kind) => limited.some((resource) => countsToward(kind, resource)));
  const objects = kinds.flatMap((kind): AnyObject[] => cache.list(kind, key.namespace));
  return { desired: quota, observed: { counted: objects.filter((object) => isCountedBy(quota, object)) } };
}
