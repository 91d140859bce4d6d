/** Carries the disruption loop's action out: a compare-and-swap, since evictions write the same status. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Executors } from '../kit/reconciler.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { DisruptionAction } from './actions.ts';

export interface ExecuteDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
}

export function createExecutors({ client, cache }: ExecuteDeps): Executors<DisruptionAction> {
  return {
    'write-status': async ({ budget: wanted, status }) => {
      const budget = cache.get('PodDisruptionBudget', wanted);
      if (budget?.metadata.resourceVersion !== wanted.resourceVersion) return; // Written meanwhile: the next look decides.
      await client.updateStatus('PodDisruptionBudget', { ...budget, status });
    },
  };
}
