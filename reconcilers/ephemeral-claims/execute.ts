/** Carries the ephemeral-claims loop's actions out. */
import type { Executors } from '../kit/reconciler.ts';
import { isSampanError, SampanError } from '../ports/errors.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { EphemeralClaimsAction } from './actions.ts';

export function createExecutors({ client }: { readonly client: ObjectClient }): Executors<EphemeralClaimsAction> {
  return {
    'create-claim': async ({ claim }) => {
      try {
        await client.create('PersistentVolumeClaim', claim);
      } catch (error) {
        if (!isSampanError(error, 'AlreadyExists')) throw error;
        // Another master made it first: the cache is about to show it.
        const detail = error.message;
        throw new SampanError(
          'Conflict',
          { resource: 'persistentvolumeclaims', name: claim.metadata.name, detail },
          error,
        );
      }
    },
  };
}
