/**
 * Wires the volume-binder, which brings claims and volumes together, one key per claim and one per volume. One at a time: what two
 * claims could both have is then given to the first. Assembled on the leading master; decides nothing itself.
 */
import type { EventRecorder } from '../kit/event-recorder.ts';
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop, type Trigger } from '../kit/reconciler.ts';
import type { PersistentVolume } from '../objects/kinds/persistent-volume.ts';
import type { PersistentVolumeClaim } from '../objects/kinds/persistent-volume-claim.ts';
import { formatKey, keyOf, type ObjectKey } from '../objects/meta.ts';
import { podClaims } from '../objects/pod-claims.ts';
import { isFullyBound } from '../objects/volume-binding.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectChange, ObjectClient } from '../ports/object-client.ts';
import type { Announcement, VolumeBinderAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { type ObservedStorage, StorageObserver } from './observe.ts';
import { plan } from './plan.ts';

export interface VolumeBinderDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
  /** Of the component `persistentvolume-controller`. */
  readonly events: EventRecorder;
  readonly clock: Clock;
}

export function createVolumeBinderLoop(
  deps: VolumeBinderDeps,
): Loop<PersistentVolumeClaim | PersistentVolume, ObservedStorage, VolumeBinderAction> {
  const { cache } = deps;
  const announced = new Map<string, Announcement>();
  const observer = new StorageObserver(cache, announced);
  const executors = createExecutors({ ...deps, announced });
  const unbound = cache.index('PersistentVolumeClaim', (claim) => (isFullyBound(claim) ? [] : ['unbound']));
  const volumesByClaim = cache.index('PersistentVolume', ({ spec: { claimRef } }) =>
    claimRef === undefined ? [] : [formatKey(claimKey(claimRef))],
  );
  const claimsByVolume = cache.index('PersistentVolumeClaim', ({ spec }) => (spec.volumeName ? [spec.volumeName] : []));

  function* concerned(change: ObjectChange): Iterable<ObjectKey> {
    if (change.type === 'DELETED') announced.delete(change.object.metadata.uid);
    switch (change.kind) {
      case 'PersistentVolumeClaim': {
        const { object } = change;
        yield keyOf(object);
        if (object.spec.volumeName) yield { namespace: '', name: object.spec.volumeName };
        yield* volumesByClaim.get(formatKey(keyOf(object))).map(keyOf);
        return;
      }
      case 'PersistentVolume': {
        const { object, previous } = change;
        yield keyOf(object);
        for (const claimRef of [object.spec.claimRef, previous?.spec.claimRef]) {
          if (claimRef !== undefined) yield claimKey(claimRef);
        }
        yield* claimsByVolume.get(object.metadata.name).map(keyOf);
        if (object.spec.claimRef === undefined && change.type !== 'DELETED') yield* unbound.get('unbound').map(keyOf);
        return;
      }
      case 'Pod': {
        const { object, previous, type } = change;
        const isNews = type !== 'MODIFIED' || object.spec.nodeName !== previous?.spec.nodeName;
        if (isNews) yield* podClaims(object);
        return;
      }
      case 'StorageClass':
        yield* unbound.get('unbound').map(keyOf);
        return;
      case 'Node':
        if (change.type !== 'MODIFIED') yield* unbound.get('unbound').map(keyOf);
        return;
    }
  }

  return {
    reconciler: {
      name: 'volume-binder',
      observe: async (key) => observer.observe(key),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    concurrency: 1,
    allKeys: () => [...cache.list('PersistentVolume').map(keyOf), ...cache.list('PersistentVolumeClaim').map(keyOf)],
    *keysFor(change): Iterable<Trigger> {
      for (const { namespace, name } of concerned(change)) yield { key: { namespace, name } };
    },
  };
}

function claimKey({ namespace = '', name = '' }: { namespace?: string; name?: string }): ObjectKey {
  return { namespace, name };
}
