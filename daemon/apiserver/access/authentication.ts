/**
 * Who asks: read from what a request shows. A client certificate counts first, then a bearer token, then the unix socket itself, which
 * only its owner can open. What is shown and not good is refused, also where nothing would have been needed.
 */
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { publicKeyHash } from '../../adapters/certificates/public-key-hash.ts';
import { type ClientCertificate, isGoodAt } from '../../serving/client-certificate.ts';
import { ANONYMOUS, authenticated, NODES, PUBLIC_KEY, SOCKET_OWNER, type UserInfo } from './user.ts';

export interface Credentials {
  readonly via: 'socket' | 'tls';
  readonly certificate?: ClientCertificate;
  /** The Authorization header. */
  readonly authorization?: string;
}

/** Undefined where the token is not one of its own, or no longer good. */
export type TokenAuthenticator = (token: string) => Promise<UserInfo | undefined>;

/** The anonymous user where nothing is shown; throws Unauthorized where what is shown is not good. */
export async function authenticate(
  { via, certificate, authorization }: Credentials,
  tokens: readonly TokenAuthenticator[],
  now: number,
): Promise<UserInfo> {
  if (certificate !== undefined && isGoodAt(certificate, now)) return authenticated(userOf(certificate));
  if (authorization !== undefined) {
    const token = /^Bearer +(\S+)$/i.exec(authorization.trim())?.[1];
    const user = token === undefined ? undefined : await tokenUser(token, tokens);
    if (user !== undefined) return authenticated(user);
    throw new SampanError('Unauthorized');
  }
  if (certificate !== undefined) throw new SampanError('Unauthorized');
  return via === 'socket' ? SOCKET_OWNER : ANONYMOUS;
}

/** A node is its key: the name may have been another machine's. */
function userOf({ user, publicKey }: ClientCertificate): UserInfo {
  return user.groups.includes(NODES) ? { ...user, extra: { [PUBLIC_KEY]: [publicKeyHash(publicKey)] } } : user;
}

export async function tokenUser(token: string, tokens: readonly TokenAuthenticator[]): Promise<UserInfo | undefined> {
  for (const authenticator of tokens) {
    const user = await authenticator(token);
    if (user !== undefined) return user;
  }
  return undefined;
}
