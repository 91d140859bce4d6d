/** The service-proxy loop, wired: keeps this node's packet filter routing Services to their endpoints. Assembled on every node. */
import { executeWith, type Loop } from '../kit/reconciler.ts';
import type { ServiceProxyAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { type DesiredRouting, type ObserveDeps, type ObservedRouting, observe } from './observe.ts';
import { Pace } from './pace.ts';
import { plan } from './plan.ts';

/** The one key: the node's whole routing table. */
const ROUTES = { namespace: '', name: 'routes' };

export function createServiceProxyLoop(deps: ObserveDeps): Loop<DesiredRouting, ObservedRouting, ServiceProxyAction> {
  const executors = createExecutors(deps);
  const pace = new Pace();
  return {
    reconciler: {
      name: 'service-proxy',
      observe: () => observe(deps, pace),
      plan,
      async execute(action, signal) {
        if (action.kind === 'apply-routes') pace.changed(deps.clock.now());
        await executeWith(executors, action, signal);
      },
    },
    concurrency: 1,
    allKeys: () => [ROUTES],
    keysFor: ({ kind }) => (['Service', 'EndpointSlice', 'Node'].includes(kind) ? [{ key: ROUTES }] : []),
    async watchOutside(enqueue, signal) {
      for await (const _ of deps.filter.disturbances(signal)) enqueue({ key: ROUTES });
    },
  };
}
