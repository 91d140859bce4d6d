/** Carries the local-provisioner's actions out: objects through the client, folders through their port. */
import type { EventRecorder } from '../kit/event-recorder.ts';
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Executors } from '../kit/reconciler.ts';
import { PROVISIONER_FINALIZER } from '../objects/volume-binding.ts';
import type { ClaimFolders } from '../ports/claim-folders.ts';
import { isSampanError } from '../ports/errors.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { LocalProvisionerAction, ObservedIdentity } from './actions.ts';

export interface ExecuteDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
  readonly claimFolders: ClaimFolders;
  readonly events: EventRecorder;
  /** What people were told last, by the claim's uid. */
  readonly refused: Map<string, string>;
}

export function createExecutors(deps: ExecuteDeps): Executors<LocalProvisionerAction> {
  const { client, cache, claimFolders: folders, events, refused } = deps;
  const tell = (claim: ObservedIdentity, type: 'Normal' | 'Warning', reason: string, message: string) => {
    const object = cache.get('PersistentVolumeClaim', claim);
    if (object?.metadata.uid === claim.uid) events.record(object, type, reason, message);
  };
  return {
    'make-folder': ({ volume }) => folders.make(volume),

    'create-volume': async ({ claim, volume }) => {
      const { name } = await client.create('PersistentVolume', volume).then(
        ({ metadata }) => metadata,
        (error: unknown) => {
          // Made before, by an attempt that was broken off; the cache is about to show it.
          if (!isSampanError(error, 'AlreadyExists')) throw error;
          return { name: volume.metadata.name };
        },
      );
      refused.delete(claim.uid);
      tell(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${name}`);
    },

    'delete-volume': async ({ volume: { uid, ...key }, resourceVersion }) => {
      await client.delete('PersistentVolume', key, { uid, resourceVersion });
    },

    'remove-folder': ({ volume }) => folders.remove(volume),

    'remove-empty-folder': ({ volume }) => folders.removeEmpty(volume),

    'release-volume': async ({ volume: { uid, ...key } }) => {
      const volume = cache.get('PersistentVolume', key);
      if (volume?.metadata.uid !== uid) return;
      const { finalizers = [], ...rest } = volume.metadata;
      const left = finalizers.filter((each) => each !== PROVISIONER_FINALIZER);
      const metadata = left.length === 0 ? rest : { ...rest, finalizers: left };
      try {
        await client.update('PersistentVolume', { ...volume, metadata });
      } catch (error) {
        if (!isSampanError(error, 'NotFound')) throw error;
      }
    },

    'refuse-claim': async ({ claim, message }) => {
      refused.set(claim.uid, message);
      tell(claim, 'Warning', 'ProvisioningFailed', message);
    },
  };
}
