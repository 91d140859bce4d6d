/**
 * With what a pod's images are pulled: its pull secrets, and after them what this node is logged in to. Read anew for each pull. What
 * is found here goes to the runtime, and into no plan, event or log.
 * Source: pkg/kubelet/kubelet_pods.go (getPullSecretsForPod), pkg/credentialprovider/secrets.
 */
import type { ReadOnlyCache } from '../../kit/object-cache.ts';
import { parseImageReference, repositoryOf } from '../../objects/image-reference.ts';
import type { Secret } from '../../objects/kinds/secret.ts';
import type { Pod } from '../../objects/pod.ts';
import type { RegistryCredentials } from '../../ports/container-runtime.ts';
import type { Log } from '../../ports/log.ts';
import type { NodeLogins } from '../../ports/node-logins.ts';
import { type ParsedConfig, parseDockerConfig, type RegistryLogin } from './docker-config.ts';
import { credentialsFor } from './keyring.ts';

export interface PullCredentials {
  /** To be tried in this order; none: without any. */
  readonly candidates: readonly RegistryCredentials[];
  /** Pull secrets that are not there. */
  readonly missing: readonly string[];
  /** A secret that cannot be read: nothing is pulled with half of what was meant. */
  readonly problem?: string;
}

export interface PullCredentialsDeps {
  readonly cache: ReadOnlyCache;
  readonly logins: NodeLogins;
  readonly log: Log;
}

export async function pullCredentials(
  pod: Pod | undefined,
  image: string,
  { cache, logins, log }: PullCredentialsDeps,
): Promise<PullCredentials> {
  const reference = parseImageReference(image);
  if ('problem' in reference) return { candidates: [], missing: [] };
  const repository = repositoryOf(reference);
  const missing: string[] = [];
  const ofSecrets: RegistryLogin[] = [];
  for (const name of pullSecretsOf(pod)) {
    const secret = cache.get('Secret', { namespace: pod?.metadata.namespace ?? '', name });
    if (secret === undefined) missing.push(name);
    const config = secret && configOf(secret);
    if (config === undefined) continue;
    if ('problem' in config) return { candidates: [], missing, problem: `pull secret "${name}": ${config.problem}` };
    ofSecrets.push(...config.logins);
  }
  const found = [...credentialsFor(ofSecrets, repository), ...credentialsFor(await loginsOf(logins, log), repository)];
  return { candidates: distinct(found), missing };
}

/** Which versions of its secrets there are, in one word; undefined where the pod names none. */
export function pullSecretsVersion(pod: Pod, cache: ReadOnlyCache): string | undefined {
  const { namespace = '' } = pod.metadata;
  const versions = pullSecretsOf(pod).map((name) => {
    const secret = cache.get('Secret', { namespace, name });
    return `${name}@${secret?.metadata.resourceVersion ?? 'missing'}`;
  });
  return versions.length === 0 ? undefined : versions.join(' ');
}

/** Their names. The API accepts references without one, which mean nothing. */
export function pullSecretsOf(pod: Pod | undefined): string[] {
  const names = (pod?.spec.imagePullSecrets ?? []).flatMap(({ name }) => name || []);
  return [...new Set(names)];
}

/** Undefined for a Secret of another type, which is left alone. */
function configOf({ type, data = {} }: Secret): ParsedConfig | undefined {
  const parse = (key: string, form: 'config.json' | '.dockercfg') => {
    const text = Buffer.from(data[key] ?? '', 'base64').toString('utf8');
    return text === '' ? undefined : parseDockerConfig(text, form);
  };
  if (type === 'kubernetes.io/dockerconfigjson') return parse('.dockerconfigjson', 'config.json');
  return type === 'kubernetes.io/dockercfg' ? parse('.dockercfg', '.dockercfg') : undefined;
}

/** A file that cannot be read is the node's matter: pods are pulled for without it. */
async function loginsOf(logins: NodeLogins, log: Log): Promise<readonly RegistryLogin[]> {
  const text = await logins();
  if (text === undefined) return [];
  const config = parseDockerConfig(text, 'config.json');
  if (!('problem' in config)) return config.logins;
  log.error("the node's Docker logins are not used", { problem: config.problem });
  return [];
}

function distinct(all: readonly RegistryCredentials[]): RegistryCredentials[] {
  const byText = new Map(all.map((each) => [JSON.stringify([each.username, each.password]), each]));
  return [...byText.values()];
}
