/** Carries the pod-routes loop's actions out through the port. Decides nothing. */
import type { Executors } from '../kit/reconciler.ts';
import { SampanError } from '../ports/errors.ts';
import type { PodRoutes } from '../ports/pod-routes.ts';
import type { PodRoutesAction } from './actions.ts';

export function createExecutors(routes: PodRoutes): Executors<PodRoutesAction> {
  return {
    'prepare-transport': ({ transport }) => routes.prepare(transport),
    'change-routes': ({ transport, changes }) => routes.change(transport, changes),
    'remove-routes': () => routes.remove(),
    'report-conflicts': async ({ conflicts }) => {
      throw new SampanError('PodRoutesFailed', { detail: conflicts.join('; ') });
    },
  };
}
