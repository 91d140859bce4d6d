/** A pod's quality of service, as Kubernetes computes it (pkg/apis/core/v1/helper/qos). Pure. */
import { declaredContainers, type PodSpec, type PodStatus } from './pod.ts';
import { quantityMilliValue } from './quantity.ts';

export type QosClass = NonNullable<PodStatus['qosClass']>;

/** Guaranteed: every container limits cpu and memory and requests just that; BestEffort: none says anything. */
export function qosClass(spec: PodSpec): QosClass {
  const all = declaredContainers(spec).map(({ resources }) => resources ?? {});
  const says = (amounts: Record<string, string> | undefined) =>
    Math.max(milli(amounts?.cpu) ?? 0, milli(amounts?.memory) ?? 0) > 0;
  if (!all.some(({ requests, limits }) => says(requests) || says(limits))) return 'BestEffort';
  const isGuaranteed = all.every(({ requests, limits }) =>
    (['cpu', 'memory'] as const).every((resource) => {
      const limit = milli(limits?.[resource]) ?? 0;
      return limit > 0 && (milli(requests?.[resource]) ?? limit) === limit;
    }),
  );
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}

function milli(quantity: string | undefined): number | undefined {
  return quantity === undefined ? undefined : quantityMilliValue(quantity);
}
