/** Carries the cluster-bootstrap loop's actions out. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Executors } from '../kit/reconciler.ts';
import { isSampanError } from '../ports/errors.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { ClusterBootstrapAction } from './actions.ts';
import { KUBERNETES_SERVICE } from './wanted.ts';

export interface ExecuteDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
}

export function createExecutors({ client, cache }: ExecuteDeps): Executors<ClusterBootstrapAction> {
  return {
    'create-namespace': async ({ namespace }) => {
      await unlessItExists(client.create('Namespace', namespace));
    },

    'create-storage-class': async ({ storageClass }) => {
      await unlessItExists(client.create('StorageClass', storageClass));
    },

    'create-service': async ({ service }) => {
      await unlessItExists(client.create('Service', service));
    },

    'delete-service': async ({ service, uid }) => {
      await client.delete('Service', service, { uid });
    },

    'update-service': async ({ service }) => {
      await client.update('Service', service);
    },

    'create-endpoints': async ({ subsets }) => {
      const metadata = { ...KUBERNETES_SERVICE };
      await unlessItExists(client.create('Endpoints', { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets }));
    },

    'update-endpoints': async ({ subsets, resourceVersion }) => {
      const endpoints = cache.get('Endpoints', KUBERNETES_SERVICE);
      if (endpoints?.metadata.resourceVersion !== resourceVersion) return; // Written meanwhile: the next look decides.
      await client.update('Endpoints', { ...endpoints, subsets });
    },
  };
}

/** Another master may have made it first; the cache will show it. */
async function unlessItExists(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (!isSampanError(error, 'AlreadyExists')) throw error;
  }
}
