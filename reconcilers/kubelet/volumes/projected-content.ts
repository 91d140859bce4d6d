/**
 * What the files of a volume hold that is made from the cluster's objects, from the pod and the objects it names; tokens are only named, since they must be made.
 * Pure. Source: pkg/volume/projected/projected.go (collectData), whose words the problems have.
 */
import { downwardField } from '../../objects/downward-fields.ts';
import { downwardResource } from '../../objects/downward-resources.ts';
import type { ConfigObjects } from '../../objects/env.ts';
import type { ConfigMap } from '../../objects/kinds/config-map.ts';
import type { Secret } from '../../objects/kinds/secret.ts';
import { DEFAULT_SERVICE_ACCOUNT, type ServiceAccount } from '../../objects/kinds/service-account.ts';
import { allContainers, type Pod } from '../../objects/pod.ts';
import {
  type DownwardFile,
  defaultModeOf,
  type KeysProjection,
  projectionsOf,
  type ServiceAccountTokenProjection,
  type Volume,
} from '../../objects/volumes.ts';
import type { VolumeFile } from '../../ports/volume-files.ts';
import { volumeOwner } from './volume-owner.ts';

/** A token that nobody but its owner reads. */
const OWN_TOKEN_MODE = 0o600;

/** Objects of the pod's namespace, by name. */
export interface VolumeSources extends ConfigObjects {
  serviceAccount(name: string): ServiceAccount | undefined;
  /** Of the node. */
  readonly allocatable: Readonly<Record<string, string>>;
}

export interface TokenFile extends ServiceAccountTokenProjection {
  readonly mode: number;
  readonly owner?: number;
  readonly account: { readonly name: string; readonly uid: string };
}

export interface ProjectedContent {
  readonly files: readonly VolumeFile[];
  readonly tokens: readonly TokenFile[];
  /** That owns all of it. */
  readonly group?: number;
  /** Why it cannot be written yet; '' where it can. */
  readonly problem: string;
}

export function projectedContent(pod: Pod, volume: Volume, sources: VolumeSources): ProjectedContent {
  const defaultMode = defaultModeOf(volume);
  const { user, group } = volumeOwner(pod);
  // Of two that name one path the later wins.
  const files = new Map<string, VolumeFile>();
  const tokens: TokenFile[] = [];
  const problems: string[] = [];
  const add = (path: string, data: Uint8Array, mode = defaultMode) => files.set(path, { path, mode, data });
  const addKeys = (
    kind: 'configmap' | 'secret',
    { name, items, optional = false }: KeysProjection,
    data: ReadonlyMap<string, Uint8Array> | undefined,
  ) => {
    if (data === undefined && !optional) problems.push(`${kind} "${name}" not found`);
    if (data === undefined) return;
    for (const { key, path, mode } of items ??
      [...data.keys()].map((each) => ({ key: each, path: each, mode: undefined }))) {
      const value = data.get(key);
      if (value !== undefined) add(path, value, mode);
      else if (!optional)
        problems.push(`${kind} references non-existent ${kind === 'secret' ? 'secret' : 'config'} key: ${key}`);
    }
  };

  for (const { configMap, secret, downwardAPI, serviceAccountToken } of projectionsOf(volume) ?? []) {
    if (configMap) addKeys('configmap', configMap, dataOfMap(sources.configMap(configMap.name)));
    if (secret) addKeys('secret', secret, dataOfSecret(sources.secret(secret.name)));
    for (const item of downwardAPI?.items ?? []) {
      const text = downwardText(pod, item, sources.allocatable);
      if (text !== undefined) add(item.path, Buffer.from(text), item.mode);
      else problems.push(`container "${item.resourceFieldRef?.containerName ?? ''}" not found`);
    }
    if (serviceAccountToken) {
      const name = pod.spec.serviceAccountName ?? DEFAULT_SERVICE_ACCOUNT;
      const account = sources.serviceAccount(name);
      if (account === undefined) problems.push(`failed to fetch token: serviceaccounts "${name}" not found`);
      else {
        const isOwn = user !== undefined || group !== undefined;
        const owned = { mode: isOwn ? OWN_TOKEN_MODE : defaultMode, ...(user !== undefined && { owner: user }) };
        tokens.push({ ...serviceAccountToken, ...owned, account: { name, uid: account.metadata.uid } });
      }
    }
  }
  const problem = problems.length > 1 ? `[${problems.join(', ')}]` : (problems[0] ?? '');
  return { files: [...files.values()], tokens, ...(group !== undefined && { group }), problem };
}

/** Undefined where the pod has no container of the name. */
function downwardText(
  pod: Pod,
  { fieldRef, resourceFieldRef }: DownwardFile,
  allocatable: VolumeSources['allocatable'],
): string | undefined {
  if (fieldRef) return downwardField(pod, fieldRef.fieldPath);
  const container = allContainers(pod.spec).find(({ name }) => name === resourceFieldRef?.containerName);
  return resourceFieldRef && container && downwardResource(container, resourceFieldRef, allocatable);
}

function dataOfMap(map: ConfigMap | undefined): ReadonlyMap<string, Uint8Array> | undefined {
  if (map === undefined) return undefined;
  return new Map<string, Uint8Array>([
    ...Object.entries(map.data ?? {}).map(([key, text]) => [key, Buffer.from(text)] as const),
    ...decoded(map.binaryData),
  ]);
}

function dataOfSecret(secret: Secret | undefined): ReadonlyMap<string, Uint8Array> | undefined {
  return secret && new Map<string, Uint8Array>(decoded(secret.data));
}

function decoded(data: Readonly<Record<string, string>> = {}): (readonly [string, Uint8Array])[] {
  return Object.entries(data).map(([key, base64]) => [key, Buffer.from(base64, 'base64')] as const);
}
