/** What `/readyz` asks: whether the store answers, and whether the cache that every loop reads has its first list. */
import type { Store } from '../reconcilers/ports/store.ts';
import type { HealthChecks } from './apiserver/discovery/health.ts';

/** A key that nothing is kept at. */
const NO_KEY = '/registry/health';

export function healthChecks(store: Store, cache: { readonly revision: number }): HealthChecks {
  return {
    live: [],
    ready: [
      { name: 'store', check: async () => void (await store.get(NO_KEY)) },
      {
        name: 'cache',
        check: () => {
          if (cache.revision === 0) throw new Error('the first list of all objects is not in yet');
        },
      },
    ],
  };
}
