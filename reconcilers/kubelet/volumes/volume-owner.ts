/**
 * To whom what a node makes for a pod's volumes belongs: the group that the pod declares (fsGroup), and tokens to the one user that all
 * its containers run as. Pure. Source: pkg/volume/util/util.go (FsUserFrom)
 */
import { declaredContainers, type Pod } from '../../objects/pod.ts';
import { effectiveSecurity } from '../../objects/security-context.ts';

export interface VolumeOwner {
  readonly user?: number;
  readonly group?: number;
}

export function volumeOwner({ spec }: Pod): VolumeOwner {
  const users = new Set(declaredContainers(spec).map((container) => effectiveSecurity(spec, container).runAsUser));
  const [user] = users;
  const group = spec.securityContext?.fsGroup;
  return { ...(users.size === 1 && user !== undefined && { user }), ...(group !== undefined && { group }) };
}

/** When what is in a volume that was there before is given to the pod's group. */
export function groupPolicy({ spec }: Pod): 'Always' | 'OnRootMismatch' {
  return spec.securityContext?.fsGroupChangePolicy ?? 'Always';
}
