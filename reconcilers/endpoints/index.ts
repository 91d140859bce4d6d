/** Wires the endpoints loop, one key per Service. Assembled on the leading master; decides nothing itself. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import { equalJson, type Json } from '../objects/json.ts';
import { keyOf } from '../objects/meta.ts';
import { isPodReady, isPodTerminal, type Pod } from '../objects/pod.ts';
import type { Service } from '../objects/service.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { EndpointsAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { EndpointsObserver, type ObservedEndpoints } from './observe.ts';
import { plan } from './plan.ts';

export interface EndpointsDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
}

export function createEndpointsLoop(deps: EndpointsDeps): Loop<Service, ObservedEndpoints, EndpointsAction> {
  const { cache } = deps;
  const observer = new EndpointsObserver(cache);
  const executors = createExecutors(deps);
  return {
    reconciler: {
      name: 'endpoints',
      observe: async (key) => observer.observe(key),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    *allKeys() {
      for (const service of cache.list('Service')) yield keyOf(service);
      for (const endpoints of cache.list('Endpoints')) yield keyOf(endpoints);
    },
    *keysFor(change) {
      if (change.kind === 'Service' || change.kind === 'Endpoints') yield { key: keyOf(change.object) };
      if (change.kind === 'Pod') {
        const { previous } = change;
        if (change.type === 'MODIFIED' && previous !== undefined && isSameMember(change.object, previous)) return;
        for (const pod of previous === undefined ? [change.object] : [change.object, previous]) {
          for (const key of observer.servicesOf(pod)) yield { key };
        }
      }
    },
  };
}

/** Whether nothing changed that an Endpoints object could show; most writes of a pod's status are of that kind. */
function isSameMember(a: Pod, b: Pod): boolean {
  return equalJson(shownOf(a), shownOf(b));
}

function shownOf(pod: Pod): Json {
  const { uid, labels, deletionTimestamp } = pod.metadata;
  const { podIP } = pod.status;
  return {
    uid,
    labels,
    deletionTimestamp,
    podIP,
    nodeName: pod.spec.nodeName,
    ready: isPodReady(pod),
    terminal: isPodTerminal(pod),
  };
}
