/**
 * To whom what a node makes for a pod's volumes belongs: the group that the pod declares (fsGroup), and tokens to the one user that all
 * its containers run as. Pure. Source: pkg/volume/util/util.go (FsUserFrom)
 */
import { declaredContainers, type Pod } from '../../objects/pod.ts';

export interface VolumeOwner {
  readonly user?: number;
  readonly group?: number;
}

interface Declared {
  readonly fsGroup?: number;
  readonly fsGroupChangePolicy?: 'Always' | 'OnRootMismatch';
  readonly runAsUser?: number;
}

export function volumeOwner({ spec }: Pod): VolumeOwner {
  const ofPod = declared(spec);
  const users = new Set(declaredContainers(spec).map((container) => declared(container).runAsUser ?? ofPod.runAsUser));
  const [user] = users;
  return {
    ...(users.size === 1 && user !== undefined && { user }),
    ...(ofPod.fsGroup !== undefined && { group: ofPod.fsGroup }),
  };
}

/** When what is in a volume that was there before is given to the pod's group. */
export function groupPolicy({ spec }: Pod): 'Always' | 'OnRootMismatch' {
  return declared(spec).fsGroupChangePolicy ?? 'Always';
}

function declared(of: object): Declared {
  return (of as { readonly securityContext?: Declared }).securityContext ?? {};
}
