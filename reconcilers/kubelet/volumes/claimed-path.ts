/**
 * The path that a pod's claim stands for on this node, or why there is none: the claim must have its volume, and the volume must be here.
 * Pure. Source: pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go (getPVCExtractPV), pkg/volume/local/local.go
 */
import type { PersistentVolume } from '../../objects/kinds/persistent-volume.ts';
import type { PersistentVolumeClaim } from '../../objects/kinds/persistent-volume-claim.ts';
import type { ObjectKey } from '../../objects/meta.ts';
import { matchesNodeSelector, type SelectedNode } from '../../objects/node-selector.ts';
import type { Pod } from '../../objects/pod.ts';
import { foreignClaim, isForeign, type PodClaim } from '../../objects/pod-claims.ts';
import { isFullyBound, isKeptFor } from '../../objects/volume-binding.ts';
import type { HostPath } from '../../ports/volume-files.ts';
import { groupPolicy, volumeOwner } from './volume-owner.ts';

export interface ClaimSources {
  claim(key: ObjectKey): PersistentVolumeClaim | undefined;
  persistentVolume(name: string): PersistentVolume | undefined;
  readonly node: SelectedNode;
}

export type ClaimedPath = { readonly hostPath: HostPath } | { readonly problem: string };

export function claimedPath(pod: Pod, own: PodClaim, sources: ClaimSources): ClaimedPath {
  const claim = sources.claim(own);
  if (claim === undefined) return { problem: `persistentvolumeclaim "${own.name}" not found` };
  if (isForeign(pod, own, claim)) return { problem: foreignClaim(pod, own) };
  const named = `error processing PVC ${own.namespace}/${own.name}`;
  if (claim.metadata.deletionTimestamp !== undefined) return { problem: `${named}: PVC is being deleted` };
  if (!isFullyBound(claim)) return { problem: `${named}: PVC is not bound` };
  const { volumeName = '' } = claim.spec;
  const volume = sources.persistentVolume(volumeName);
  if (volume === undefined) return { problem: `${named}: persistentvolume "${volumeName}" not found` };
  if (!isKeptFor(volume, claim)) {
    return { problem: `${named}: pv ${volumeName} is bound to a different pvc` };
  }
  const { nodeAffinity, hostPath, local } = volume.spec;
  if (!matchesNodeSelector(nodeAffinity?.required, sources.node)) {
    return { problem: `volume "${volumeName}" is not on this node: no matching NodeSelectorTerms` };
  }
  if (hostPath !== undefined) return { hostPath: { path: hostPath.path, type: hostPath.type ?? '' } };
  const { group: id } = volumeOwner(pod);
  const group = id === undefined ? {} : { group: { id, policy: groupPolicy(pod) } };
  return { hostPath: { path: local?.path ?? '', type: 'Directory', ...group } };
}
