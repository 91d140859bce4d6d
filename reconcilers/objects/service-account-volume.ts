/**
 * The volume by which a pod's containers speak to the API server: a token of its own, the authority to trust, its namespace.
 * Admission adds it to new pods; the rollout takes it out again where it compares a pod with its template. Pure.
 * https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-token-volume
 */
import { ROOT_CERTIFICATE } from './kinds/service-account.ts';
import type { Container, PodSpec } from './pod.ts';
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
  if (spec.containers.every(mounts)) return spec;
  return {
    ...spec,
    volumes: given === undefined ? [...volumes, { name, projected: source() }] : volumes,
    containers: spec.containers.map((container) => {
      if (mounts(container)) return container;
      const mount = { name, readOnly: true, mountPath: MOUNT_PATH };
      return { ...container, volumeMounts: [...(container.volumeMounts ?? []), mount] };
    }),
  };
}

/** A pod's spec as its author wrote it; `template` may have such a volume of its own. */
export function withoutServiceAccountVolume(spec: PodSpec, template: PodSpec): PodSpec {
  const own = new Set(template.volumes?.map(({ name }) => name));
  const isAdded = (name: string) => name.startsWith(NAME_PREFIX) && !own.has(name);
  const { volumes = [], ...rest } = spec;
  if (!volumes.some(({ name }) => isAdded(name))) return spec;
  return {
    ...rest,
    volumes: volumes.filter(({ name }) => !isAdded(name)),
    containers: spec.containers.map(({ volumeMounts = [], ...container }) => ({
      ...container,
      volumeMounts: volumeMounts.filter(({ name }) => !isAdded(name)),
    })),
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
