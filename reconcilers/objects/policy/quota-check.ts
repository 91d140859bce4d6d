/**
 * Whether a write fits a quota: what it uses more than before, against what is left. Pure; admission makes the new usage part of the
 * write. Source: k8s.io/apiserver/pkg/admission/plugin/resourcequota (CheckRequest), whose texts these are.
 */

import type { ResourceQuota } from '../kinds/resource-quota.ts';
import type { AnyObject } from '../kinds.ts';
import { compareQuantities } from '../quantity.ts';
import { countsToward, isCountedBy, unspecifiedOf, usageOf } from './quota-usage.ts';
import { addLists, formatList, increaseOf, pick, type ResourceList } from './resource-list.ts';

/** `used`: the quota's usage with the write; `nothing`: it is not concerned. */
export type QuotaVerdict =
  | { readonly verdict: 'nothing' }
  | { readonly verdict: 'used'; readonly used: ResourceList }
  | { readonly verdict: 'refused'; readonly because: string };

const NOTHING: QuotaVerdict = { verdict: 'nothing' };

/** `previous` undefined: the object is new. */
export function checkQuota(
  quota: ResourceQuota,
  object: AnyObject,
  previous: AnyObject | undefined,
  now: number,
): QuotaVerdict {
  if (!isCountedBy(quota, object)) return NOTHING;
  const { name } = quota.metadata;
  const { hard = {}, used = {} } = quota.status;
  const limited = Object.keys(quota.spec.hard ?? {}).filter((resource) => countsToward(object.kind, resource));
  const unspecified = object.kind === 'Pod' && previous === undefined ? unspecifiedOf(object, limited) : undefined;
  if (unspecified !== undefined) return refused(`failed quota: ${name}: must specify ${unspecified}`);

  const before = previous !== undefined && isCountedBy(quota, previous) ? usageOf(previous, now) : {};
  const requested = pick(increaseOf(usageOf(object, now), before), limited);
  if (Object.keys(requested).length === 0) return NOTHING;
  if (limited.some((resource) => hard[resource] === undefined || used[resource] === undefined)) {
    return refused(`status unknown for quota: ${name}, resources: ${limited.sort().join(',')}`);
  }

  const after = addLists(used, requested);
  const exceeded = Object.keys(requested).filter(
    (resource) => compareQuantities(after[resource] ?? '0', hard[resource] ?? '0') > 0,
  );
  if (exceeded.length === 0) return { verdict: 'used', used: after };
  const [asked, had, most] = [requested, used, hard].map((list) => formatList(pick(list, exceeded)));
  return refused(`exceeded quota: ${name}, requested: ${asked}, used: ${had}, limited: ${most}`);
}

function refused(because: string): QuotaVerdict {
  return { verdict: 'refused', because };
}
