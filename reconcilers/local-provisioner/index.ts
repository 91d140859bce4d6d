/**
 * Wires the local-provisioner: on each node, it makes a folder and a volume for a claim whose first pod comes to this node, and removes
 * both when the claim is gone. One key per volume, by its name. Assembled on every node; decides nothing itself.
 */
import type { EventRecorder } from '../kit/event-recorder.ts';
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop, type Trigger } from '../kit/reconciler.ts';
import type { PersistentVolumeClaim } from '../objects/kinds/persistent-volume-claim.ts';
import type { ObjectKey } from '../objects/meta.ts';
import { podClaims } from '../objects/pod-claims.ts';
import { annotationOf, LOCAL_PROVISIONER, PROVISIONED_BY, SELECTED_NODE } from '../objects/volume-binding.ts';
import type { ClaimFolders } from '../ports/claim-folders.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { VolumeFiles } from '../ports/volume-files.ts';
import type { LocalProvisionerAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { type ObservedFolder, observeFolder } from './observe.ts';
import { plan } from './plan.ts';
import { claimUidOf, volumeNameOf } from './wanted.ts';

export interface LocalProvisionerDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
  readonly claimFolders: ClaimFolders;
  /** The kubelet's, which knows what pods have mounted. */
  readonly files: VolumeFiles;
  /** Of the component `sampan.dev/local`. */
  readonly events: EventRecorder;
  readonly nodeName: string;
}

export function createLocalProvisionerLoop(
  deps: LocalProvisionerDeps,
): Loop<PersistentVolumeClaim, ObservedFolder, LocalProvisionerAction> {
  const { cache, claimFolders: folders, nodeName } = deps;
  const refused = new Map<string, string>();
  const executors = createExecutors({ ...deps, refused });
  const claimsByUid = cache.index('PersistentVolumeClaim', ({ metadata }) => [metadata.uid]);
  const observing = { ...deps, claimsByUid, refused };

  const ofClaim = (claim: PersistentVolumeClaim) =>
    annotationOf(claim, SELECTED_NODE) === nodeName ? [volumeKey(volumeNameOf(claim.metadata.uid))] : [];
  const known = () => [
    ...cache.list('PersistentVolumeClaim').flatMap(ofClaim),
    ...cache
      .list('PersistentVolume')
      .filter((volume) => annotationOf(volume, PROVISIONED_BY) === LOCAL_PROVISIONER)
      .flatMap(({ metadata }) => ownKey(metadata.name)),
  ];

  function* concerned(
    change: Parameters<Loop<never, never, LocalProvisionerAction>['keysFor']>[0],
  ): Iterable<ObjectKey> {
    switch (change.kind) {
      case 'PersistentVolumeClaim':
        if (change.type === 'DELETED') refused.delete(change.object.metadata.uid);
        yield* ofClaim(change.object);
        return;
      case 'PersistentVolume':
        yield* ownKey(change.object.metadata.name);
        return;
      // What it had mounted is not in use any more.
      case 'Pod':
        if (change.type === 'DELETED' && podClaims(change.object).length > 0) yield* known();
        return;
      case 'StorageClass':
        yield* known();
        return;
      case 'Node':
        if (change.type === 'ADDED' && change.object.metadata.name === nodeName) yield* known();
        return;
    }
  }

  return {
    reconciler: {
      name: 'local-provisioner',
      observe: (key) => observeFolder(key, observing),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    allKeys: known,
    *keysFor(change): Iterable<Trigger> {
      for (const key of concerned(change)) yield { key };
    },
    /** Folders that the cluster knows nothing of are looked at once. */
    async watchOutside(enqueue) {
      for (const name of await folders.list()) enqueue({ key: volumeKey(name) });
    },
  };
}

function volumeKey(name: string): ObjectKey {
  return { namespace: '', name };
}

function ownKey(name: string): ObjectKey[] {
  return claimUidOf(name) === undefined ? [] : [volumeKey(name)];
}
