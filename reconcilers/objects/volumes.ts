/**
 * The volumes of a pod and where its containers mount them. A type of volume is a member of {@link Volume}; what is honoured of each
 * is in supported-fields.ts, its defaults are in volume-defaults.ts, its rules in validation-volumes.ts, how a node provides it in the
 * kubelet's `volumes/`. https://kubernetes.io/docs/concepts/storage/volumes/
 */

import type { ClaimSpec } from './claim-spec.ts';
import type { ResourceFieldSelector } from './downward-resources.ts';
import { allContainers, type PodSpec } from './pod.ts';

/** Exactly one member beside the name is set. */
export interface Volume {
  name: string;
  projected?: ProjectedVolumeSource;
  configMap?: KeysProjection & FileModes;
  secret?: Omit<KeysProjection, 'name'> & FileModes & { secretName: string };
  downwardAPI?: { items?: DownwardFile[] } & FileModes;
  emptyDir?: EmptyDirVolumeSource;
  hostPath?: HostPathVolumeSource;
  persistentVolumeClaim?: { claimName: string; readOnly?: boolean };
  ephemeral?: { volumeClaimTemplate: ClaimTemplate };
}

/** Of the claim that is made for the pod and goes with it. */
export interface ClaimTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: ClaimSpec;
}

export interface FileModes {
  /** Permission bits of files that name none. */
  defaultMode: number;
}

export interface ProjectedVolumeSource extends FileModes {
  sources?: VolumeProjection[];
}

/** Exactly one member is set. */
export interface VolumeProjection {
  serviceAccountToken?: ServiceAccountTokenProjection;
  configMap?: KeysProjection;
  secret?: KeysProjection;
  downwardAPI?: { items?: DownwardFile[] };
}

export interface ServiceAccountTokenProjection {
  path: string;
  expirationSeconds: number;
  /** Absent: the API server. */
  audience?: string;
}

/** Of a ConfigMap or a Secret. */
export interface KeysProjection {
  name: string;
  /** Absent: every key, under its name. */
  items?: KeyToPath[];
  /** The object, and the keys that `items` names, may be missing. */
  optional?: boolean;
}

export interface KeyToPath {
  key: string;
  path: string;
  mode?: number;
}

/** Exactly one of the two references is set. */
export interface DownwardFile {
  path: string;
  fieldRef?: { apiVersion: string; fieldPath: string };
  resourceFieldRef?: ResourceFieldSelector;
  mode?: number;
}

/** A folder that begins empty and goes with the pod. */
export interface EmptyDirVolumeSource {
  medium?: '' | 'Memory';
  /** Of volumes in memory only. */
  sizeLimit?: string;
}

export const HOST_PATH_TYPES = [
  '',
  'DirectoryOrCreate',
  'Directory',
  'FileOrCreate',
  'File',
  'Socket',
  'CharDevice',
  'BlockDevice',
] as const;
export type HostPathType = (typeof HOST_PATH_TYPES)[number];

/** What is at a path of the node. */
export interface HostPathVolumeSource {
  path: string;
  type?: HostPathType;
}

export interface VolumeMount {
  name: string;
  mountPath: string;
  readOnly?: boolean;
  /** What of the volume is mounted, relative to it; made where it is missing. Absent: all of it. */
  subPath?: string;
  /** The same with `$(VAR)` of the container's variables. */
  subPathExpr?: string;
  /** Whether what is mounted below it, on either side, is seen on the other. Absent: not. */
  mountPropagation?: MountPropagation;
}

export const MOUNT_PROPAGATIONS = ['None', 'HostToContainer', 'Bidirectional'] as const;
export type MountPropagation = (typeof MOUNT_PROPAGATIONS)[number];

/** Those that a container mounts; a node provides no others. */
export function mountedVolumes(spec: PodSpec): Volume[] {
  const mounted = new Set(allContainers(spec).flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name)));
  return (spec.volumes ?? []).filter(({ name }) => mounted.has(name));
}

/** Where the files of a volume come from whose content is the cluster's; of other volumes undefined. */
export function projectionsOf(volume: Volume): readonly VolumeProjection[] | undefined {
  const { projected, configMap, secret, downwardAPI } = volume;
  if (projected) return projected.sources ?? [];
  if (configMap) return [{ configMap }];
  if (secret) return [{ secret: { ...secret, name: secret.secretName } }];
  return downwardAPI && [{ downwardAPI }];
}

export function defaultModeOf({ projected, configMap, secret, downwardAPI }: Volume): number {
  return (projected ?? configMap ?? secret ?? downwardAPI)?.defaultMode ?? 0;
}
