/**
 * Where a container's volumes appear in it: whole ones as they are in place, and parts of volumes, whose paths are only known once the
 * node has looked at them. Pure.
 */
import type { Container, Pod } from '../objects/pod.ts';
import type { MountPropagation, Volume, VolumeMount } from '../objects/volumes.ts';
import type { BindMount } from '../ports/container-runtime.ts';
import type { VolumesObserved } from './observation.ts';
import { isReadOnly } from './volumes/provision.ts';

/** A part of a volume: `mount.source` is the whole of it. */
export interface PartMount {
  readonly volume: string;
  readonly mount: BindMount;
  /** As it is, or with `$(VAR)` of the container's environment. */
  readonly path: { readonly text: string } | { readonly expression: string };
}

export interface ContainerMounts {
  readonly mounts: readonly BindMount[];
  readonly parts: readonly PartMount[];
}

const PROPAGATION: Readonly<Record<MountPropagation, BindMount['propagation']>> = {
  None: undefined,
  HostToContainer: 'rslave',
  Bidirectional: 'rshared',
};

/** Of volumes that are in place. */
export function containerMounts(
  { spec }: Pod,
  { volumeMounts = [] }: Container,
  observed: VolumesObserved | undefined,
): ContainerMounts {
  const volumes = new Map(spec.volumes?.map((volume) => [volume.name, volume]));
  const mounts: BindMount[] = [];
  const parts: PartMount[] = [];
  for (const each of volumeMounts) {
    const source = observed?.facts[each.name]?.inPlace?.path;
    if (source === undefined) continue;
    const { name, subPath = '', subPathExpr = '' } = each;
    const mount = bindMount(each, volumes.get(name), source);
    if (subPathExpr !== '') parts.push({ volume: name, mount, path: { expression: subPathExpr } });
    else if (subPath !== '') parts.push({ volume: name, mount, path: { text: subPath } });
    else mounts.push(mount);
  }
  return { mounts, parts };
}

/** Content from the cluster is for reading only, whatever the mount says. */
function bindMount(
  { mountPath, readOnly = false, mountPropagation = 'None' }: VolumeMount,
  volume: Volume | undefined,
  source: string,
): BindMount {
  const propagation = PROPAGATION[mountPropagation];
  return {
    source,
    target: mountPath.startsWith('/') ? mountPath : `/${mountPath}`,
    readOnly: readOnly || (volume !== undefined && isReadOnly(volume)),
    ...(propagation && { propagation }),
  };
}
