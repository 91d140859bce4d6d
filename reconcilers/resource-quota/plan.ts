/** Compares a quota's status with what there is. Pure. Source: pkg/controller/resourcequota (syncResourceQuota). */
import type { Plan } from '../kit/reconciler.ts';
import type { ResourceQuota } from '../objects/kinds/resource-quota.ts';
import { CACHED_KINDS } from '../objects/kinds.ts';
import { keyOf } from '../objects/meta.ts';
import { countsToward, countsUntil, isCounted, usageOf } from '../objects/policy/quota-usage.ts';
import { addLists, equalLists, formatList, pick } from '../objects/policy/resource-list.ts';
import type { ResourceQuotaAction } from './actions.ts';
import type { ObservedUsage } from './observe.ts';

export function plan(
  quota: ResourceQuota | undefined,
  { counted }: ObservedUsage,
  now: number,
): Plan<ResourceQuotaAction> {
  if (quota === undefined) return { actions: [], because: 'there is no such quota' };
  const hard = quota.spec.hard ?? {};
  const known = Object.keys(hard).filter((resource) => CACHED_KINDS.some((kind) => isCountedAs(kind, resource)));
  const none = Object.fromEntries(known.map((resource) => [resource, '0']));
  const used = pick(
    counted.reduce((sum, object) => addLists(sum, usageOf(object, now)), none),
    known,
  );
  const ends = counted.flatMap((object) => (object.kind === 'Pod' ? (countsUntil(object) ?? []) : []));
  const next = Math.min(...ends.filter((at) => at >= now));
  const rest = {
    because: `in use: ${formatList(used)}`,
    ...(Number.isFinite(next) && { checkAgainAfterMs: next - now + 1 }),
  };
  if (equalLists(quota.status.hard, hard) && equalLists(quota.status.used, used)) return { actions: [], ...rest };
  const { resourceVersion } = quota.metadata;
  return {
    actions: [{ kind: 'write-usage', quota: { ...keyOf(quota), resourceVersion }, status: { hard, used } }],
    ...rest,
  };
}

function isCountedAs(kind: (typeof CACHED_KINDS)[number], resource: string): boolean {
  return isCounted(kind) && countsToward(kind, resource);
}
