/**
 * Which pods a Service's selector matches, and the other way round, by index over the object cache. The loops that keep Endpoints
 * and EndpointSlices observe through it.
 */
import { equalJson, type Json } from '../objects/json.ts';
import { keyOf, type Labels, type ObjectKey } from '../objects/meta.ts';
import { isPodReady, isPodTerminal, type Pod } from '../objects/pod.ts';
import { matchesMapSelector } from '../objects/selector.ts';
import type { Service } from '../objects/service.ts';
import type { ObjectChange } from '../ports/object-client.ts';
import type { ReadOnlyCache } from './object-cache.ts';

export class ServicePods {
  readonly #podsByLabel;
  readonly #servicesByPair;

  constructor(cache: ReadOnlyCache) {
    this.#podsByLabel = cache.index('Pod', (pod) => pairsOf(pod.metadata.namespace, pod.metadata.labels));
    // One pair of the selector is enough to find the few Services that a pod may belong to.
    this.#servicesByPair = cache.index('Service', (service) =>
      pairsOf(service.metadata.namespace, service.spec.selector).slice(0, 1),
    );
  }

  /** In whatever state. */
  podsOf(service: Service): Pod[] {
    const [pair] = pairsOf(service.metadata.namespace, service.spec.selector);
    const candidates = pair === undefined ? [] : this.#podsByLabel.get(pair);
    return candidates.filter((pod) => matchesMapSelector(service.spec.selector, pod.metadata.labels));
  }

  /** The Services that a change of a pod is news for; most writes of a pod's status are none. */
  *concernedBy(change: Extract<ObjectChange, { kind: 'Pod' }>): Iterable<ObjectKey> {
    const { previous, object } = change;
    if (change.type === 'MODIFIED' && previous !== undefined && isSameMember(object, previous)) return;
    for (const pod of previous === undefined ? [object] : [object, previous]) yield* this.#servicesOf(pod);
  }

  #servicesOf(pod: Pod): ObjectKey[] {
    const { namespace, labels } = pod.metadata;
    return pairsOf(namespace, labels)
      .flatMap((pair) => this.#servicesByPair.get(pair))
      .filter((service) => matchesMapSelector(service.spec.selector, labels))
      .map(keyOf);
  }
}

function pairsOf(namespace: string | undefined, labels: Labels | undefined): string[] {
  return Object.entries(labels ?? {}).map(([key, value]) => `${namespace ?? ''}/${key}=${value}`);
}

/** Whether nothing changed that endpoints could show. */
function isSameMember(a: Pod, b: Pod): boolean {
  return equalJson(shownOf(a), shownOf(b));
}

function shownOf(pod: Pod): Json {
  const { uid, labels, deletionTimestamp } = pod.metadata;
  return {
    uid,
    labels,
    terminating: deletionTimestamp !== undefined,
    podIP: pod.status.podIP,
    nodeName: pod.spec.nodeName,
    ready: isPodReady(pod),
    terminal: isPodTerminal(pod),
  };
}
