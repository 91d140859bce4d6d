/** Wires the endpoint-slices loop, one key per Service. Assembled on the leading master; decides nothing itself. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import { keyOf } from '../objects/meta.ts';
import { isPodReady, type Pod } from '../objects/pod.ts';
import type { Service } from '../objects/service.ts';
import type { ObjectChange, ObjectClient } from '../ports/object-client.ts';
import type { EndpointSliceAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { type ObservedSlices, SliceObserver, serviceOf } from './observe.ts';
import { plan } from './plan.ts';

/** One more endpoint beside others may wait so long for more: fifty pods that start are then a few writes. */
const GATHER_MS = 500;

export interface EndpointSlicesDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
}

export function createEndpointSlicesLoop(deps: EndpointSlicesDeps): Loop<Service, ObservedSlices, EndpointSliceAction> {
  const { cache } = deps;
  const observer = new SliceObserver(cache);
  const executors = createExecutors(deps);
  return {
    reconciler: {
      name: 'endpoint-slices',
      observe: async (key) => observer.observe(key),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    *allKeys() {
      for (const service of cache.list('Service')) yield keyOf(service);
      for (const slice of cache.list('EndpointSlice')) yield* serviceOf(slice);
    },
    *keysFor(change) {
      if (change.kind === 'Service') yield { key: keyOf(change.object) };
      if (change.kind === 'Pod') {
        for (const key of observer.pods.concernedBy(change)) {
          yield mayWait(change, observer.hasReady(key)) ? { key, gatherMs: GATHER_MS } : { key };
        }
      }
      if (change.kind === 'EndpointSlice') {
        for (const slice of [change.object, change.previous ?? []].flat()) {
          for (const key of serviceOf(slice)) yield { key };
        }
      }
      if (change.kind === 'Endpoints') {
        const key = keyOf(change.object);
        // Those of a Service with a selector come from the same pods as its slices.
        if (Object.keys(cache.get('Service', key)?.spec.selector ?? {}).length === 0) yield { key };
      }
    },
  };
}

/** Routes come from slices: a pod that goes is news at once, and so is a Service's first. */
function mayWait({ object, previous }: Extract<ObjectChange, { kind: 'Pod' }>, isServed: boolean): boolean {
  const served = previous !== undefined && isServing(previous);
  return !served && (isServed || !isServing(object));
}

function isServing(pod: Pod): boolean {
  return isPodReady(pod) && pod.metadata.deletionTimestamp === undefined;
}
