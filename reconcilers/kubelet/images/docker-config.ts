/**
 * What Docker's own config files say of registries: the content of Secrets of the two Docker types, and of the file that `docker login`
 * writes. Pure. Nothing of what is in them is ever a part of a message.
 * Source: pkg/credentialprovider/config.go.
 */
import type { RegistryCredentials } from '../../ports/container-runtime.ts';

/** Credentials for all that lies under `registry`: a host with an optional port and path, its first parts possibly globs. */
export interface RegistryLogin {
  readonly registry: string;
  readonly credentials: RegistryCredentials;
}

export type ParsedConfig = { readonly logins: readonly RegistryLogin[] } | { readonly problem: string };

/** `config.json` has its entries under `auths`; the older `.dockercfg` is nothing but entries. */
export function parseDockerConfig(text: string, form: 'config.json' | '.dockercfg'): ParsedConfig {
  const content = parseObject(text);
  if (content === undefined) return { problem: 'it is not a JSON object' };
  const auths = form === '.dockercfg' ? content : (content.auths ?? {});
  if (!isObject(auths)) return { problem: '`auths` is not an object' };
  const logins: RegistryLogin[] = [];
  for (const [registry, entry] of Object.entries(auths)) {
    const credentials = isObject(entry) ? credentialsOf(entry) : undefined;
    if (credentials === undefined) {
      return { problem: `the entry of ${registry} is not a user and a password, nor base64 of \`user:password\`` };
    }
    // What a credential helper keeps is an entry without content here.
    if (credentials.username !== '' || credentials.password !== '') logins.push({ registry, credentials });
  }
  return { logins };
}

/** `auth` wins over the other two, as in Kubernetes. */
function credentialsOf({ auth = '', username = '', password = '' }: Record<string, unknown>) {
  if (typeof auth !== 'string' || typeof username !== 'string' || typeof password !== 'string') return undefined;
  if (auth === '') return { username, password };
  const [, user, secret] = /^([^:]*):(.*)$/s.exec(decoded(auth)) ?? [];
  return user === undefined || secret === undefined ? undefined : { username: user, password: secret };
}

/** '' for what is not base64. */
function decoded(text: string): string {
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(text.trim());
  return isBase64 ? Buffer.from(text.trim(), 'base64').toString('utf8') : '';
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    // What JSON.parse says quotes the text.
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
