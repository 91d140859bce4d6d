/** Carries the endpoints loop's actions out: one compare-and-swap each. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Executors } from '../kit/reconciler.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { EndpointsAction } from './actions.ts';

export interface ExecuteDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
}

export function createExecutors({ client, cache }: ExecuteDeps): Executors<EndpointsAction> {
  return {
    'create-endpoints': async ({ endpoints: { metadata, subsets } }) => {
      await client.create('Endpoints', {
        apiVersion: 'v1',
        kind: 'Endpoints',
        metadata: { ...metadata, labels: { ...metadata.labels } },
        subsets,
      });
    },

    'update-endpoints': async ({ endpoints: { metadata, subsets }, resourceVersion }) => {
      const current = cache.get('Endpoints', metadata);
      if (current?.metadata.resourceVersion !== resourceVersion) return; // Somebody wrote it: the next look decides.
      const labels = { ...metadata.labels };
      await client.update('Endpoints', { ...current, metadata: { ...current.metadata, labels }, subsets });
    },

    'delete-endpoints': async ({ namespace, name, uid, resourceVersion }) => {
      await client.delete('Endpoints', { namespace, name }, { uid, resourceVersion });
    },
  };
}
