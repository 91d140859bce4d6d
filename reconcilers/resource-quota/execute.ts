/** Carries the resource-quota loop's action out: a compare-and-swap on the version that was counted for. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Executors } from '../kit/reconciler.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { ResourceQuotaAction } from './actions.ts';

export interface ExecuteDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
}

export function createExecutors({ client, cache }: ExecuteDeps): Executors<ResourceQuotaAction> {
  return {
    'write-usage': async ({ quota: wanted, status }) => {
      const quota = cache.get('ResourceQuota', wanted);
      // Something was counted on it meanwhile: the next look counts anew.
      if (quota?.metadata.resourceVersion !== wanted.resourceVersion) return;
      await client.updateStatus('ResourceQuota', { ...quota, status });
    },
  };
}
