/** The volume that a node makes for a claim: a folder of its own, which only this node has. Pure. */
import type { PersistentVolume } from '../objects/kinds/persistent-volume.ts';
import type { PersistentVolumeClaim } from '../objects/kinds/persistent-volume-claim.ts';
import type { StorageClass } from '../objects/kinds/storage-class.ts';
import type { Draft } from '../objects/meta.ts';
import type { NodeSelector, SelectedNode } from '../objects/node-selector.ts';
import { LOCAL_PROVISIONER, PROVISIONED_BY, PROVISIONER_FINALIZER } from '../objects/volume-binding.ts';

export const HOSTNAME_LABEL = 'kubernetes.io/hostname';
const VOLUME_NAME = /^pvc-([a-z0-9-]+)$/;

/** One per claim, so that a second attempt meets the first one's. */
export function volumeNameOf(claimUid: string): string {
  return `pvc-${claimUid}`;
}

/** Undefined where the name is not of this form. */
export function claimUidOf(volume: string): string | undefined {
  return VOLUME_NAME.exec(volume)?.[1];
}

export function wantedVolume(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  node: SelectedNode,
  path: string,
): Draft<PersistentVolume> {
  const { name, namespace = '', uid } = claim.metadata;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: volumeNameOf(uid),
      annotations: { [PROVISIONED_BY]: LOCAL_PROVISIONER },
      finalizers: [PROVISIONER_FINALIZER],
    },
    spec: {
      capacity: { storage: claim.spec.resources.requests.storage ?? '0' },
      accessModes: claim.spec.accessModes,
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy,
      volumeMode: 'Filesystem',
      storageClassName: storageClass.metadata.name,
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid },
      nodeAffinity: { required: onlyOn(node) },
      local: { path },
    },
    status: { phase: 'Pending' },
  };
}

/** By its name too: nodes that share a machine share its host name. */
function onlyOn({ name, labels }: SelectedNode): NodeSelector {
  const hostname = labels[HOSTNAME_LABEL];
  return {
    nodeSelectorTerms: [
      {
        ...(hostname !== undefined && {
          matchExpressions: [{ key: HOSTNAME_LABEL, operator: 'In', values: [hostname] }],
        }),
        matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }],
      },
    ],
  };
}
