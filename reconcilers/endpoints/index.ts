/** Wires the endpoints loop, one key per Service. Assembled on the leading master; decides nothing itself. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import { ServicePods } from '../kit/service-pods.ts';
import { keyOf } from '../objects/meta.ts';
import type { Service } from '../objects/service.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { EndpointsAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { type ObservedEndpoints, observeEndpoints } from './observe.ts';
import { plan } from './plan.ts';

/**
 * Routes come from EndpointSlices: Endpoints may be so much later, and fifty pods that start are then a few writes of them. Less than a
 * deleted pod is given to leave its Services, as `services/proxy` still goes by them.
 */
const GATHER_MS = 200;

export interface EndpointsDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
}

export function createEndpointsLoop(deps: EndpointsDeps): Loop<Service, ObservedEndpoints, EndpointsAction> {
  const { cache } = deps;
  const pods = new ServicePods(cache);
  const executors = createExecutors(deps);
  return {
    reconciler: {
      name: 'endpoints',
      observe: async (key) => observeEndpoints(cache, pods, key),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    gatherMs: GATHER_MS,
    *allKeys() {
      for (const service of cache.list('Service')) yield keyOf(service);
      for (const endpoints of cache.list('Endpoints')) yield keyOf(endpoints);
    },
    *keysFor(change) {
      if (change.kind === 'Service' || change.kind === 'Endpoints') yield { key: keyOf(change.object) };
      if (change.kind === 'Pod') for (const key of pods.concernedBy(change)) yield { key };
    },
  };
}
