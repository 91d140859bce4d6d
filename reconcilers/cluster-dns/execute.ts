/** Carries the cluster-dns loop's actions out. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Executors } from '../kit/reconciler.ts';
import { DNS_SERVICE } from '../objects/cluster-dns.ts';
import { isSampanError } from '../ports/errors.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { ClusterDnsAction } from './actions.ts';

export interface ExecuteDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
}

export function createExecutors({ client, cache }: ExecuteDeps): Executors<ClusterDnsAction> {
  return {
    'create-endpoints': async ({ subsets }) => {
      const metadata = { ...DNS_SERVICE };
      await client.create('Endpoints', { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets }).catch((error) => {
        // Another node was first; the cache will show it.
        if (!isSampanError(error, 'AlreadyExists')) throw error;
      });
    },

    'update-endpoints': async ({ subsets, resourceVersion }) => {
      const endpoints = cache.get('Endpoints', DNS_SERVICE);
      if (endpoints?.metadata.resourceVersion !== resourceVersion) return; // Written meanwhile: the next look decides.
      await client.update('Endpoints', { ...endpoints, subsets });
    },
  };
}
