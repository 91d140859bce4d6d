/**
 * The certificate a TLS client showed, as a user: the common name is the user, the organizations are its groups.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates
 */
import type { TLSSocket } from 'node:tls';
import { publicKeyHash } from '../../adapters/certificates/public-key-hash.ts';
import { NODES, PUBLIC_KEY, type UserInfo } from './user.ts';

export interface ClientCertificate {
  /** Our authority signed it, for a client. */
  readonly trusted: boolean;
  readonly user: UserInfo;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Read once per connection. */
const known = new WeakMap<TLSSocket, ClientCertificate | undefined>();

/** Undefined where the client showed none. */
export function clientCertificateOf(socket: TLSSocket): ClientCertificate | undefined {
  if (!known.has(socket)) known.set(socket, read(socket));
  return known.get(socket);
}

function read(socket: TLSSocket): ClientCertificate | undefined {
  const shown = socket.getPeerX509Certificate();
  if (shown === undefined) return undefined;
  const { subject } = shown.toLegacyObject();
  const [name = ''] = listOf(subject.CN);
  const groups = listOf(subject.O);
  // A node is its key: the name may have been another machine's.
  const extra = groups.includes(NODES) && { extra: { [PUBLIC_KEY]: [publicKeyHash(shown.publicKey)] } };
  return {
    trusted: socket.authorized,
    user: { name, groups, ...extra },
    notBefore: shown.validFromDate.getTime(),
    notAfter: shown.validToDate.getTime(),
  };
}

/** Node gives one value as a text, several as a list. */
function listOf(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : [value].flat();
}
