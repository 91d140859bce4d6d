/** Who asks, and the names Kubernetes gives to users and groups of its own. */
import { BOOTSTRAPPERS } from '../../../reconcilers/objects/bootstrap-token.ts';

export interface UserInfo {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export const MASTERS = 'system:masters';
export const AUTHENTICATED = 'system:authenticated';
export const UNAUTHENTICATED = 'system:unauthenticated';
export const NODES = 'system:nodes';
export const SERVICE_ACCOUNTS = 'system:serviceaccounts';
const NODE_PREFIX = 'system:node:';
const BOOTSTRAP_PREFIX = 'system:bootstrap:';
const SERVICE_ACCOUNT_PREFIX = 'system:serviceaccount:';

export const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: [UNAUTHENTICATED] };

/** Who may open the unix socket may read every key in the data dir as well. */
export const SOCKET_OWNER: UserInfo = { name: 'sampan:socket-owner', groups: [MASTERS, AUTHENTICATED] };

/** `user` with `system:authenticated`, which everybody has who showed a credential. */
export function authenticated(user: UserInfo): UserInfo {
  return user.groups.includes(AUTHENTICATED) ? user : { ...user, groups: [...user.groups, AUTHENTICATED] };
}

export function serviceAccountUser(namespace: string, name: string): UserInfo {
  return {
    name: `${SERVICE_ACCOUNT_PREFIX}${namespace}:${name}`,
    groups: [SERVICE_ACCOUNTS, `${SERVICE_ACCOUNTS}:${namespace}`],
  };
}

export function nodeUser(node: string): UserInfo {
  return { name: `${NODE_PREFIX}${node}`, groups: [NODES] };
}

/** The node that `user` is; undefined where it is none. */
export function parseNodeUser({ name, groups }: UserInfo): string | undefined {
  return groups.includes(NODES) && name.startsWith(NODE_PREFIX) ? name.slice(NODE_PREFIX.length) : undefined;
}

/** Who comes with the join token `id`. */
export function bootstrapUser(id: string, groups: readonly string[]): UserInfo {
  return { name: `${BOOTSTRAP_PREFIX}${id}`, groups };
}

/** The inverse of {@link bootstrapUser}'s name; undefined where `user` came with no join token. */
export function parseBootstrapUser({ name, groups }: UserInfo): string | undefined {
  const isOne = groups.includes(BOOTSTRAPPERS) && name.startsWith(BOOTSTRAP_PREFIX);
  return isOne ? name.slice(BOOTSTRAP_PREFIX.length) : undefined;
}

/** Of whom came with a certificate for a node: the hash of its public key. */
export const PUBLIC_KEY = 'sampan.dev/public-key';

/** Undefined where the user came with none, such as one who is impersonated. */
export function publicKeyOf({ extra }: UserInfo): string | undefined {
  return extra?.[PUBLIC_KEY]?.[0];
}

/** The inverse of {@link serviceAccountUser}'s name; undefined where `user` is none. */
export function parseServiceAccountName(user: string): { namespace: string; name: string } | undefined {
  const match = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user);
  return match ? { namespace: match[1] as string, name: match[2] as string } : undefined;
}
