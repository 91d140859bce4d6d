/** The pod-routes loop, wired: keeps this machine's routes to the pods of other nodes. Assembled on every node. */
import { executeWith, type Loop } from '../kit/reconciler.ts';
import { internalIP } from '../objects/cluster.ts';
import type { InstalledPodRoutes } from '../ports/pod-routes.ts';
import type { PodRoutesAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { type DesiredPodNetwork, type ObserveDeps, observe } from './observe.ts';
import { plan } from './plan.ts';

/** The one key: all routes of this machine. */
const ROUTES = { namespace: '', name: 'routes' };

export function createPodRoutesLoop(deps: ObserveDeps): Loop<DesiredPodNetwork, InstalledPodRoutes, PodRoutesAction> {
  const executors = createExecutors(deps.routes);
  return {
    reconciler: {
      name: 'pod-routes',
      observe: () => observe(deps),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    concurrency: 1,
    allKeys: () => [ROUTES],
    *keysFor({ type, kind, object, previous }) {
      if (kind !== 'Node') return;
      const moved = object.spec.podCIDR !== previous?.spec.podCIDR;
      if (type !== 'MODIFIED' || moved || internalIP(object) !== internalIP(previous)) yield { key: ROUTES };
    },
    async watchOutside(enqueue, signal) {
      if (deps.config.podNetwork === 'none') return; // what an earlier run left is gone after the first look
      for await (const _ of deps.routes.disturbances(signal)) enqueue({ key: ROUTES });
    },
  };
}
