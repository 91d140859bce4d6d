/**
 * Acting as somebody else, for whom may: the Impersonate-* headers, each of which the user must be allowed to use.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 */
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { type Action, type Authorizer, demand } from './authorizer.ts';
import {
  ANONYMOUS,
  AUTHENTICATED,
  parseServiceAccountName,
  serviceAccountUser,
  UNAUTHENTICATED,
  type UserInfo,
} from './user.ts';

const EXTRA_HEADER = 'impersonate-extra-';

/** `request.headersDistinct`. */
type DistinctHeaders = NodeJS.Dict<string[]>;

interface Asked {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** Whom `user` acts as; undefined where the headers ask nothing. Throws AccessDenied where `user` may not. */
export async function impersonated(
  user: UserInfo,
  headers: DistinctHeaders,
  authorizer: Authorizer,
): Promise<UserInfo | undefined> {
  const asked = askedFor(headers);
  if (asked === undefined) return undefined;
  for (const action of actionsOf(asked)) await demand(authorizer, user, action);
  const { name, uid, extra } = asked;
  return {
    name,
    groups: groupsOf(asked),
    ...(uid !== '' && { uid }),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

function askedFor(headers: DistinctHeaders): Asked | undefined {
  const name = headers['impersonate-user']?.[0] ?? '';
  const uid = headers['impersonate-uid']?.[0] ?? '';
  const groups = headers['impersonate-group'] ?? [];
  const extra = extraOf(headers);
  if (name !== '') return { name, uid, groups, extra };
  if (uid === '' && groups.length === 0 && Object.keys(extra).length === 0) return undefined;
  throw new SampanError('BadRequest', { detail: 'requested uid, groups or extra without impersonating a user' });
}

function extraOf(headers: DistinctHeaders): Asked['extra'] {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([header]) => header.startsWith(EXTRA_HEADER))
      .map(([header, values = []]) => [unescaped(header.slice(EXTRA_HEADER.length)), values]),
  );
}

/** Keys are percent-encoded where a header's name could not hold them. */
function unescaped(key: string): string {
  try {
    return decodeURIComponent(key).toLowerCase();
  } catch {
    return key;
  }
}

function actionsOf({ name, uid, groups, extra }: Asked): Action[] {
  const impersonate = { type: 'resource', verb: 'impersonate', group: '', subresource: '', namespace: '' } as const;
  const ofAuthentication = { ...impersonate, group: 'authentication.k8s.io' };
  const account = parseServiceAccountName(name);
  return [
    account ? { ...impersonate, resource: 'serviceaccounts', ...account } : { ...impersonate, resource: 'users', name },
    ...groups.map((group) => ({ ...impersonate, resource: 'groups', name: group })),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => ({ ...ofAuthentication, resource: 'userextras', subresource: key, name: value })),
    ),
    ...(uid === '' ? [] : [{ ...ofAuthentication, resource: 'uids', name: uid }]),
  ];
}

/** Those asked for, else those the user has by nature. */
function groupsOf({ name, groups: asked }: Asked): readonly string[] {
  const account = parseServiceAccountName(name);
  const own = account ? serviceAccountUser(account.namespace, account.name).groups : [];
  const groups = asked.length > 0 ? asked : own;
  if (groups.includes(AUTHENTICATED) || groups.includes(UNAUTHENTICATED)) return groups;
  return [...groups, name === ANONYMOUS.name ? UNAUTHENTICATED : AUTHENTICATED];
}
