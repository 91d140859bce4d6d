/** Carries the endpoint-slices loop's actions out: one compare-and-swap, or the claim of a name, each. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Executors } from '../kit/reconciler.ts';
import { LABEL_MANAGED_BY, LABEL_SERVICE_NAME } from '../objects/kinds/endpoint-slice.ts';
import { isSampanError, SampanError } from '../ports/errors.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { EndpointSliceAction, WantedSlice } from './actions.ts';

export interface ExecuteDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
}

export function createExecutors({ client, cache }: ExecuteDeps): Executors<EndpointSliceAction> {
  return {
    'create-slice': async ({ slice }) => {
      const { metadata, ...content } = slice;
      try {
        await client.create('EndpointSlice', {
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: { ...metadata, labels: { ...metadata.labels } },
          ...content,
        });
      } catch (error) {
        if (!isSampanError(error, 'AlreadyExists')) throw error;
        // The claim is taken: by an earlier attempt whose answer was lost, or by a stranger. The next look must see it first.
        const holder = await client.get('EndpointSlice', metadata);
        if (holder !== undefined) await cache.reached(Number(holder.metadata.resourceVersion));
        if (holder !== undefined && isMade(holder.metadata.labels, slice)) return;
        const detail = 'the name is taken by another slice';
        throw new SampanError('Conflict', { resource: 'endpointslices', name: metadata.name, detail }, error);
      }
    },

    'update-slice': async ({ slice: { metadata, endpoints, ports }, resourceVersion }) => {
      const current = cache.get('EndpointSlice', metadata);
      if (current?.metadata.resourceVersion !== resourceVersion) return; // Somebody wrote it: the next look decides.
      const { labels, ownerReferences } = metadata;
      await client.update('EndpointSlice', {
        ...current,
        metadata: { ...current.metadata, labels: { ...labels }, ownerReferences },
        endpoints,
        ports,
      });
    },

    'delete-slice': async ({ namespace, name, uid, resourceVersion }) => {
      await client.delete('EndpointSlice', { namespace, name }, { uid, resourceVersion });
    },
  };
}

function isMade(labels: Record<string, string> | undefined, { metadata }: WantedSlice): boolean {
  return [LABEL_SERVICE_NAME, LABEL_MANAGED_BY].every((label) => labels?.[label] === metadata.labels[label]);
}
