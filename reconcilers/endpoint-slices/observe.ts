/** What the endpoint-slices loop reads: a Service, its slices, and the pods or the Endpoints they come from. Cache only. */
import { namePrefix, prefixOf } from '../kit/claimed-names.ts';
import type { ObjectIndex, ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import { ServicePods } from '../kit/service-pods.ts';
import { type EndpointSlice, LABEL_SERVICE_NAME } from '../objects/kinds/endpoint-slice.ts';
import { formatKey, type ObjectKey } from '../objects/meta.ts';
import type { Pod } from '../objects/pod.ts';
import type { Endpoints, Service } from '../objects/service.ts';

export interface ObservedSlices {
  /** All that name the Service, whoever keeps them. */
  readonly slices: readonly EndpointSlice[];
  /** All that the selector matches, in whatever state. */
  readonly pods: readonly Pod[];
  readonly endpoints?: Endpoints;
  /** Of all slices whose names start like those it would make. */
  readonly takenNames: readonly string[];
  /** The namespace takes nothing new any more. */
  readonly namespaceTerminating: boolean;
}

export class SliceObserver {
  readonly pods: ServicePods;
  readonly #cache: ReadOnlyCache;
  readonly #byService: ObjectIndex<EndpointSlice>;
  readonly #byPrefix: ObjectIndex<EndpointSlice>;

  constructor(cache: ReadOnlyCache) {
    this.#cache = cache;
    this.pods = new ServicePods(cache);
    this.#byService = cache.index('EndpointSlice', (slice) => serviceOf(slice).map(formatKey));
    this.#byPrefix = cache.index('EndpointSlice', ({ metadata }) => [
      `${metadata.namespace}/${prefixOf(metadata.name)}`,
    ]);
  }

  /** Whether the slices have an endpoint that is ready. */
  hasReady(key: ObjectKey): boolean {
    const slices = this.#byService.get(formatKey(key));
    return slices.some(({ endpoints }) => endpoints.some(({ conditions }) => conditions?.ready === true));
  }

  observe(key: ObjectKey): Observation<Service, ObservedSlices> {
    const service = this.#cache.get('Service', key);
    const endpoints = this.#cache.get('Endpoints', key);
    const namespace = this.#cache.get('Namespace', { namespace: '', name: key.namespace });
    const similar = this.#byPrefix.get(`${key.namespace}/${namePrefix(key.name)}`);
    return {
      desired: service,
      observed: {
        slices: [...this.#byService.get(formatKey(key))].sort(byName),
        pods: service === undefined ? [] : this.pods.podsOf(service),
        ...(endpoints && { endpoints }),
        takenNames: similar.map(({ metadata }) => metadata.name),
        namespaceTerminating: namespace?.metadata.deletionTimestamp !== undefined,
      },
    };
  }
}

/** The Service that the slice says it belongs to. */
export function serviceOf({ metadata }: EndpointSlice): ObjectKey[] {
  const name = metadata.labels?.[LABEL_SERVICE_NAME];
  return name === undefined ? [] : [{ namespace: metadata.namespace ?? '', name }];
}

function byName(a: EndpointSlice, b: EndpointSlice): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
