/**
 * The volume by which a pod's containers speak to the API server: a token of its own, the authority to trust, its namespace.
 * Admission adds it to new pods; the rollout takes it out again where it compares a pod with its template. Pure.
 * https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-token-volume
 */
import { ROOT_CERTIFICATE } from './kinds/service-account.ts';
import { type Container, declaredContainers, type PodSpec } from './pod.ts';
import { DEFAULT_FILE_MODE } from './volume-defaults.ts';
import type { ProjectedVolumeSource } from './volumes.ts';

const NAME_PREFIX = 'kube-api-access-';
const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
/** As Kubernetes: an hour, and seven seconds by which it is told from those that people ask for. */
const TOKEN_SECONDS = 3_607;

/** `suffix`: five characters that make the volume's name one of its own. Containers that mount that path themselves are left alone. */
export function withServiceAccountVolume(spec: PodSpec, suffix: string): PodSpec {
  const { volumes = [] } = spec;
  const given = volumes.find(({ name }) => name.startsWith(NAME_PREFIX));
  const name = given?.name ?? `${NAME_PREFIX}${suffix}`;
  const mounts = ({ volumeMounts = [] }: Container) => volumeMounts.some(({ mountPath }) => mountPath === MOUNT_PATH);
  if (declaredContainers(spec).every(mounts)) return spec;
  const mounting = (container: Container) => {
    if (mounts(container)) return container;
    const mount = { name, readOnly: true, mountPath: MOUNT_PATH };
    return { ...container, volumeMounts: [...(container.volumeMounts ?? []), mount] };
  };
  return {
    ...inAllContainers(spec, mounting),
    volumes: given === undefined ? [...volumes, { name, projected: source() }] : volumes,
  };
}

/** A pod's spec as its author wrote it; `template` may have such a volume of its own. */
export function withoutServiceAccountVolume(spec: PodSpec, template: PodSpec): PodSpec {
  const own = new Set(template.volumes?.map(({ name }) => name));
  const isAdded = (name: string) => name.startsWith(NAME_PREFIX) && !own.has(name);
  const { volumes = [], ...rest } = spec;
  if (!volumes.some(({ name }) => isAdded(name))) return spec;
  return {
    ...inAllContainers(rest, ({ volumeMounts = [], ...container }) => ({
      ...container,
      volumeMounts: volumeMounts.filter(({ name }) => !isAdded(name)),
    })),
    volumes: volumes.filter(({ name }) => !isAdded(name)),
  };
}

function inAllContainers(spec: PodSpec, edit: (container: Container) => Container): PodSpec {
  const { initContainers } = spec;
  return {
    ...spec,
    ...(initContainers && { initContainers: initContainers.map(edit) }),
    containers: spec.containers.map(edit),
  };
}

function source(): ProjectedVolumeSource {
  const { configMap, key } = ROOT_CERTIFICATE;
  return {
    defaultMode: DEFAULT_FILE_MODE,
    sources: [
      { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
      { configMap: { name: configMap, items: [{ key, path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
  };
}
