/**
 * The volumes of a pod and where its containers mount them. A type of volume is a member of {@link Volume}; what is honoured of each
 * is in supported-fields.ts, its defaults are here, its rules in validation-volumes.ts, how a node provides it in the kubelet's
 * `volumes/`. https://kubernetes.io/docs/concepts/storage/volumes/
 */
import { setDefault } from './defaulting.ts';
import { type JsonObject, objectAt, objectsAt } from './json.ts';
import { allContainers, type PodSpec } from './pod.ts';

/** Exactly one member beside the name is set. */
export interface Volume {
  name: string;
  projected?: ProjectedVolumeSource;
}

export interface ProjectedVolumeSource {
  /** Permission bits of files that name none. */
  defaultMode: number;
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

export interface DownwardFile {
  path: string;
  fieldRef: { apiVersion: string; fieldPath: string };
  mode?: number;
}

export interface VolumeMount {
  name: string;
  mountPath: string;
  readOnly?: boolean;
}

export const DEFAULT_FILE_MODE = 0o644;
const DEFAULT_TOKEN_SECONDS = 3_600;

/** Kubernetes' defaulting, in place. Source: pkg/apis/core/v1/defaults.go */
export function defaultVolumes(spec: JsonObject): void {
  for (const volume of objectsAt(spec, 'volumes')) {
    const projected = objectAt(volume, 'projected');
    if (projected === undefined) continue;
    setDefault(projected, 'defaultMode', DEFAULT_FILE_MODE);
    for (const source of objectsAt(projected, 'sources')) {
      const token = objectAt(source, 'serviceAccountToken');
      if (token !== undefined) setDefault(token, 'expirationSeconds', DEFAULT_TOKEN_SECONDS);
      for (const file of objectsAt(objectAt(source, 'downwardAPI'), 'items')) {
        const field = objectAt(file, 'fieldRef');
        if (field !== undefined) setDefault(field, 'apiVersion', 'v1');
      }
    }
  }
}

/** Takes out what {@link defaultVolumes} would put back, in place. */
export function reduceVolumes(spec: JsonObject): void {
  for (const volume of objectsAt(spec, 'volumes')) {
    const projected = objectAt(volume, 'projected');
    if (projected?.defaultMode === DEFAULT_FILE_MODE) delete projected.defaultMode;
    for (const source of objectsAt(projected, 'sources')) {
      const token = objectAt(source, 'serviceAccountToken');
      if (token?.expirationSeconds === DEFAULT_TOKEN_SECONDS) delete token.expirationSeconds;
      for (const file of objectsAt(objectAt(source, 'downwardAPI'), 'items')) {
        const field = objectAt(file, 'fieldRef');
        if (field?.apiVersion === 'v1') delete field.apiVersion;
      }
    }
  }
}

/** Those that a container mounts; a node provides no others. */
export function mountedVolumes(spec: PodSpec): Volume[] {
  const { volumes = [] } = spec;
  const mounted = new Set(allContainers(spec).flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name)));
  return volumes.filter(({ name }) => mounted.has(name));
}

export function projectionsOf(volume: Volume): readonly VolumeProjection[] {
  return volume.projected?.sources ?? [];
}
