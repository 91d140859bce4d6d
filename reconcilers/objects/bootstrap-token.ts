/**
 * Join tokens: Kubernetes' bootstrap tokens, kept as Secrets of kube-system, and the text a person carries from a master to a new
 * machine. The API server, the loop that clears expired ones, `sampan token` and the agent all read them here. Pure.
 * https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/
 */
import type { Secret } from './kinds/secret.ts';
import type { Draft, ObjectKey, ObjectMeta } from './meta.ts';
import { toTimestamp } from './meta.ts';

export const BOOTSTRAP_TOKEN_TYPE = 'bootstrap.kubernetes.io/token';
export const BOOTSTRAP_TOKEN_NAMESPACE = 'kube-system';
const NAME_PREFIX = 'bootstrap-token-';
/** Every token's group; those of `auth-extra-groups` are below it. */
export const BOOTSTRAPPERS = 'system:bootstrappers';
const EXTRA_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

/** `true`: the token is good for any number of nodes. */
const REUSABLE = 'sampan.dev/reusable';
/** What the token has bought: `web-1 sha256:…`, the node and its public key. */
const SPENT_ON = 'sampan.dev/spent-on';

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const JOIN_TOKEN = /^([a-z0-9]{6}\.[a-z0-9]{16})(?:@(sha256:[0-9a-f]{64}))?$/;

export interface BootstrapToken {
  readonly id: string;
  readonly secret: string;
  readonly description: string;
  /** Whether it says who somebody is; Kubernetes has others, that sign. No more where a group it asks for is not below its own. */
  readonly authenticates: boolean;
  /** Milliseconds since the epoch; absent: it never expires. NaN where nobody can read it. */
  readonly expires?: number;
  readonly groups: readonly string[];
  readonly reusable: boolean;
  readonly spentOn?: string;
}

/** What a new machine is given. `authority` is the hash of the public key of the cluster's authority, `sha256:…`. */
export interface JoinToken {
  readonly token: string;
  readonly authority?: string;
}

/** Undefined where `text` is none. */
export function parseJoinToken(text: string): JoinToken | undefined {
  const [, token, authority] = JOIN_TOKEN.exec(text.trim()) ?? [];
  return token === undefined ? undefined : { token, ...(authority !== undefined && { authority }) };
}

export function formatJoinToken({ token, authority }: Required<JoinToken>): string {
  return `${token}@${authority}`;
}

/** Undefined where `text` has not the form of one. */
export function parseBootstrapToken(text: string): { readonly id: string; readonly secret: string } | undefined {
  const [, id, secret] = TOKEN.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** Where the Secret of the token `id` is. */
export function bootstrapTokenKey(id: string): ObjectKey {
  return { namespace: BOOTSTRAP_TOKEN_NAMESPACE, name: `${NAME_PREFIX}${id}` };
}

/** Undefined where `secret` is no token: another type, another place, or a name that is not its id's. */
export function bootstrapTokenOf(secret: Secret): BootstrapToken | undefined {
  const { namespace, name, annotations = {} } = secret.metadata;
  const id = dataOf(secret, 'token-id');
  const isOne = secret.type === BOOTSTRAP_TOKEN_TYPE && namespace === BOOTSTRAP_TOKEN_NAMESPACE;
  if (!isOne || parseBootstrapToken(`${id}.${dataOf(secret, 'token-secret')}`) === undefined) return undefined;
  if (name !== bootstrapTokenKey(id).name) return undefined;
  const expiration = dataOf(secret, 'expiration');
  const listed = dataOf(secret, 'auth-extra-groups')
    .split(',')
    .map((group) => group.trim());
  const extra = listed.filter((group) => group !== '');
  const spentOn = annotations[SPENT_ON];
  return {
    id,
    secret: dataOf(secret, 'token-secret'),
    description: dataOf(secret, 'description'),
    authenticates:
      dataOf(secret, 'usage-bootstrap-authentication') === 'true' && extra.every((group) => EXTRA_GROUP.test(group)),
    ...(expiration !== '' && { expires: Date.parse(expiration) }),
    groups: [BOOTSTRAPPERS, ...extra],
    reusable: annotations[REUSABLE] === 'true',
    ...(spentOn !== undefined && { spentOn }),
  };
}

/** An expiration that cannot be read is one that has passed, as Kubernetes has it. */
export function isExpired({ expires }: Pick<BootstrapToken, 'expires'>, now: number): boolean {
  return expires !== undefined && !(now < expires);
}

export interface NewToken extends Pick<BootstrapToken, 'id' | 'secret' | 'description' | 'reusable'> {
  readonly expires?: number;
}

export function bootstrapTokenSecret({ id, secret, description, reusable, expires }: NewToken): Draft<Secret> {
  const values = {
    'token-id': id,
    'token-secret': secret,
    'usage-bootstrap-authentication': 'true',
    ...(description !== '' && { description }),
    ...(expires !== undefined && { expiration: toTimestamp(expires) }),
  };
  const encoded = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...bootstrapTokenKey(id), ...(reusable && { annotations: { [REUSABLE]: 'true' } }) },
    type: BOOTSTRAP_TOKEN_TYPE,
    data: Object.fromEntries(encoded),
  };
}

/** `secret`, spent on a node with this key. */
export function spent(secret: Secret, spentOn: string): Secret {
  const metadata: ObjectMeta = {
    ...secret.metadata,
    annotations: { ...secret.metadata.annotations, [SPENT_ON]: spentOn },
  };
  return { ...secret, metadata };
}

function dataOf({ data = {} }: Secret, key: string): string {
  return Object.hasOwn(data, key) ? Buffer.from(data[key] ?? '', 'base64').toString('utf8') : '';
}
