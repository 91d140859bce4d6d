/** What the resource-quota loop can do: tell how much of a quota is used. */
import type { ResourceQuota } from '../objects/kinds/resource-quota.ts';
import type { ObjectKey } from '../objects/meta.ts';

export interface ResourceQuotaAction {
  readonly kind: 'write-usage';
  readonly quota: ObjectKey & { readonly resourceVersion: string };
  readonly status: ResourceQuota['status'];
}
