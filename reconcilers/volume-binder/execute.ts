/** Carries the volume-binder's actions out. What was written since it was observed is left alone: the next look decides. */
import type { EventRecorder } from '../kit/event-recorder.ts';
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Executors } from '../kit/reconciler.ts';
import type { PersistentVolume } from '../objects/kinds/persistent-volume.ts';
import type { PersistentVolumeClaim } from '../objects/kinds/persistent-volume-claim.ts';
import { type ObjectMeta, toTimestamp } from '../objects/meta.ts';
import type { Clock } from '../ports/clock.ts';
import { isSampanError } from '../ports/errors.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { Announcement, ClaimChange, Seen, VolumeBinderAction, VolumeChange } from './actions.ts';

export interface ExecuteDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
  readonly events: EventRecorder;
  readonly clock: Clock;
  /** What people were told last, by uid. */
  readonly announced: Map<string, Announcement>;
}

export function createExecutors(deps: ExecuteDeps): Executors<VolumeBinderAction> {
  const { client, cache, events, clock, announced } = deps;
  const claimAt = (seen: Seen) => asSeen(cache.get('PersistentVolumeClaim', seen), seen);
  const volumeAt = (seen: Seen) => asSeen(cache.get('PersistentVolume', seen), seen);
  return {
    'change-claim': async ({ claim: seen, change }) => {
      const claim = claimAt(seen);
      if (claim !== undefined) await unlessGone(client.update('PersistentVolumeClaim', changedClaim(claim, change)));
    },

    'report-claim': async ({ claim: seen, status }) => {
      const claim = claimAt(seen);
      if (claim !== undefined) await unlessGone(client.updateStatus('PersistentVolumeClaim', { ...claim, status }));
    },

    'change-volume': async ({ volume: seen, change }) => {
      const volume = volumeAt(seen);
      if (volume !== undefined) await unlessGone(client.update('PersistentVolume', changedVolume(volume, change)));
    },

    'report-volume': async ({ volume: seen, status }) => {
      const volume = volumeAt(seen);
      if (volume === undefined) return;
      const lastPhaseTransitionTime = toTimestamp(clock.now());
      await unlessGone(
        client.updateStatus('PersistentVolume', { ...volume, status: { ...status, lastPhaseTransitionTime } }),
      );
    },

    announce: async ({ about, event }) => {
      const object = about.namespace === '' ? volumeAt(about) : cache.get('PersistentVolumeClaim', about);
      if (object?.metadata.uid !== about.uid) return;
      announced.set(about.uid, event);
      events.record(object, event.type, event.reason, event.message);
    },
  };
}

function changedClaim(claim: PersistentVolumeClaim, change: ClaimChange): PersistentVolumeClaim {
  const { storageClassName, volumeName } = change;
  return {
    ...claim,
    metadata: changedMetadata(claim.metadata, change),
    spec: {
      ...claim.spec,
      ...(storageClassName !== undefined && { storageClassName }),
      ...(volumeName !== undefined && { volumeName }),
    },
  };
}

function changedVolume(volume: PersistentVolume, change: VolumeChange): PersistentVolume {
  const { claimRef: before, ...spec } = volume.spec;
  const claimRef = change.claimRef === undefined ? before : (change.claimRef ?? undefined);
  const { storage } = change;
  return {
    ...volume,
    metadata: changedMetadata(volume.metadata, change),
    spec: {
      ...spec,
      ...(claimRef && { claimRef }),
      ...(storage !== undefined && { capacity: { ...spec.capacity, storage } }),
    },
  };
}

function changedMetadata(metadata: ObjectMeta, change: Pick<ClaimChange, 'finalizers' | 'annotations'>): ObjectMeta {
  const { annotations: before, finalizers: _before, ...rest } = metadata;
  const merged = Object.entries({ ...before, ...change.annotations }).filter((entry) => entry[1] !== null);
  const finalizers = change.finalizers ?? metadata.finalizers ?? [];
  return {
    ...rest,
    ...(merged.length > 0 && { annotations: Object.fromEntries(merged) as Record<string, string> }),
    ...(finalizers.length > 0 && { finalizers: [...finalizers] }),
  };
}

function asSeen<T extends { metadata: ObjectMeta }>(object: T | undefined, { uid, resourceVersion }: Seen) {
  const isSame = object?.metadata.uid === uid && object.metadata.resourceVersion === resourceVersion;
  return isSame ? object : undefined;
}

async function unlessGone(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isSampanError(error, 'NotFound')) throw error;
  }
}
