/** Carries the service-accounts loop's actions out. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Executors } from '../kit/reconciler.ts';
import { isSampanError, SampanError } from '../ports/errors.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { ServiceAccountsAction } from './actions.ts';
import { accountIn, authorityIn, authorityMap, corrected } from './wanted.ts';

export interface ExecuteDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
}

/** Another master made it first, or the namespace is going: the cache is about to show it. */
const OUTRUN = ['AlreadyExists', 'NotFound', 'Forbidden'] as const;

export function createExecutors({ client, cache }: ExecuteDeps): Executors<ServiceAccountsAction> {
  return {
    'create-account': async ({ namespace }) => {
      const metadata = accountIn(namespace);
      await outrunning(
        'serviceaccounts',
        metadata.name,
        client.create('ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata }),
      );
    },

    'publish-authority': async ({ namespace, authority }) => {
      const map = authorityMap(namespace, authority);
      await outrunning('configmaps', authorityIn(namespace).name, client.create('ConfigMap', map));
    },

    'correct-authority': async ({ namespace, resourceVersion, authority }) => {
      const map = cache.get('ConfigMap', authorityIn(namespace));
      if (map?.metadata.resourceVersion !== resourceVersion) return; // Written meanwhile: the next look decides.
      await outrunning('configmaps', map.metadata.name, client.update('ConfigMap', corrected(map, authority)));
    },
  };
}

async function outrunning(resource: string, name: string, write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isSampanError(error, ...OUTRUN)) throw error;
    throw new SampanError('Conflict', { resource, name, detail: error.message }, error);
  }
}
