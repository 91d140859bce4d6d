/** What the endpoints loop reads: a Service, the Endpoints of its name, the pods it selects. Cache only, all by index. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import type { ServicePods } from '../kit/service-pods.ts';
import type { ObjectKey } from '../objects/meta.ts';
import type { Pod } from '../objects/pod.ts';
import type { Endpoints, Service } from '../objects/service.ts';

export interface ObservedEndpoints {
  readonly endpoints?: Endpoints;
  /** All that the selector matches, in whatever state. */
  readonly pods: readonly Pod[];
  /** The namespace takes nothing new any more. */
  readonly namespaceTerminating: boolean;
}

export function observeEndpoints(
  cache: ReadOnlyCache,
  pods: ServicePods,
  key: ObjectKey,
): Observation<Service, ObservedEndpoints> {
  const service = cache.get('Service', key);
  const endpoints = cache.get('Endpoints', key);
  const namespace = cache.get('Namespace', { namespace: '', name: key.namespace });
  return {
    desired: service,
    observed: {
      ...(endpoints && { endpoints }),
      pods: service === undefined ? [] : pods.podsOf(service),
      namespaceTerminating: namespace?.metadata.deletionTimestamp !== undefined,
    },
  };
}
