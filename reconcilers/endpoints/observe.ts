/** What the endpoints loop reads: a Service, the Endpoints of its name, the pods it selects. Cache only, all by index. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import { keyOf, type Labels, type ObjectKey } from '../objects/meta.ts';
import type { Pod } from '../objects/pod.ts';
import { matchesMapSelector } from '../objects/selector.ts';
import type { Endpoints, Service } from '../objects/service.ts';

export interface ObservedEndpoints {
  readonly endpoints?: Endpoints;
  /** All that the selector matches, in whatever state. */
  readonly pods: readonly Pod[];
  /** The namespace takes nothing new any more. */
  readonly namespaceTerminating: boolean;
}

export class EndpointsObserver {
  readonly #cache;
  readonly #podsByLabel;
  readonly #servicesByPair;

  constructor(cache: ReadOnlyCache) {
    this.#cache = cache;
    this.#podsByLabel = cache.index('Pod', (pod) => pairsOf(pod.metadata.namespace, pod.metadata.labels));
    // One pair of the selector is enough to find the few Services that a pod may belong to.
    this.#servicesByPair = cache.index('Service', (service) =>
      pairsOf(service.metadata.namespace, service.spec.selector).slice(0, 1),
    );
  }

  observe(key: ObjectKey): Observation<Service, ObservedEndpoints> {
    const service = this.#cache.get('Service', key);
    const endpoints = this.#cache.get('Endpoints', key);
    const namespace = this.#cache.get('Namespace', { namespace: '', name: key.namespace });
    return {
      desired: service,
      observed: {
        ...(endpoints && { endpoints }),
        pods: service === undefined ? [] : this.#podsOf(service),
        namespaceTerminating: namespace?.metadata.deletionTimestamp !== undefined,
      },
    };
  }

  /** The Services whose selector matches the pod. */
  servicesOf(pod: Pod): ObjectKey[] {
    const { namespace, labels } = pod.metadata;
    return pairsOf(namespace, labels)
      .flatMap((pair) => this.#servicesByPair.get(pair))
      .filter((service) => matchesMapSelector(service.spec.selector, labels))
      .map(keyOf);
  }

  #podsOf(service: Service): Pod[] {
    const [pair] = pairsOf(service.metadata.namespace, service.spec.selector);
    const candidates = pair === undefined ? [] : this.#podsByLabel.get(pair);
    return candidates.filter((pod) => matchesMapSelector(service.spec.selector, pod.metadata.labels));
  }
}

function pairsOf(namespace: string | undefined, labels: Labels | undefined): string[] {
  return Object.entries(labels ?? {}).map(([key, value]) => `${namespace ?? ''}/${key}=${value}`);
}
