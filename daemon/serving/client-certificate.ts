/**
 * The certificate a TLS client showed, as a user: the common name is the user, the organizations are its groups.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates
 */
import type { KeyObject } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

export interface ClientCertificate {
  /** Our authority signed it, for a client. */
  readonly trusted: boolean;
  readonly user: { readonly name: string; readonly groups: readonly string[] };
  readonly publicKey: KeyObject;
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
  return {
    trusted: socket.authorized,
    user: { name, groups },
    publicKey: shown.publicKey,
    notBefore: shown.validFromDate.getTime(),
    notAfter: shown.validToDate.getTime(),
  };
}

/** The handshake looked at the time as well, but a connection may stay open for long after it. */
export function isGoodAt({ trusted, notBefore, notAfter, user }: ClientCertificate, now: number): boolean {
  return trusted && notBefore <= now && now <= notAfter && user.name !== '';
}

/** Node gives one value as a text, several as a list. */
function listOf(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : [value].flat();
}
