/**
 * Makes X.509 certificates: a self-signed authority, and what it signs. certificates.ts calls it when one is missing or near its end,
 * and `sampan kubeconfig` for a user of its own. The one file that knows the library, which is loaded only when it is needed: half
 * a second that a daemon with its certificates in place does not spend.
 */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { CertifiedKey } from './certified-key.ts';

/** Small, fast to sign with, and understood by every TLS client of the last ten years. */
const KEY = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { ...KEY, hash: 'SHA-256' } as const;

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface CertificateSubject {
  readonly commonName: string;
  /** A client's groups. */
  readonly organizations?: readonly string[];
  readonly usage: 'server' | 'client';
  /** The names and addresses of a server. */
  readonly names?: readonly string[];
}

/** `keys`: those of the authority that is renewed, so that what it signed stays valid. */
export async function issueAuthority(
  commonName: string,
  validity: Validity,
  keys?: { readonly privateKey: KeyObject },
): Promise<CertifiedKey> {
  const x509 = await library();
  const { privateKey, publicKey } = keys === undefined ? await newKeys() : cryptoKeysOf(keys.privateKey);
  const name = new x509.Name([{ CN: [{ utf8String: commonName }] }]);
  const { keyCertSign, cRLSign, digitalSignature } = x509.KeyUsageFlags;
  const certificate = await x509.X509CertificateGenerator.create({
    subject: name,
    issuer: name,
    ...validity,
    publicKey,
    signingKey: privateKey,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(digitalSignature | keyCertSign | cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
  return certified(certificate.toString('pem'), privateKey);
}

/** Valid no longer than `authority` is. */
export async function issueCertificate(
  subject: CertificateSubject,
  validity: Validity,
  authority: CertifiedKey,
): Promise<CertifiedKey> {
  const x509 = await library();
  const { privateKey, publicKey } = await newKeys();
  const issuer = new x509.X509Certificate(authority.certificate.toString());
  const { organizations = [], names = [] } = subject;
  const usage = subject.usage === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth;
  const certificate = await x509.X509CertificateGenerator.create({
    subject: new x509.Name([
      ...organizations.map((organization) => ({ O: [{ utf8String: organization }] })),
      { CN: [{ utf8String: subject.commonName }] },
    ]),
    issuer: issuer.subjectName,
    notBefore: validity.notBefore,
    notAfter: new Date(Math.min(validity.notAfter.getTime(), issuer.notAfter.getTime())),
    publicKey,
    signingKey: cryptoKeysOf(authority.key).privateKey,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage]),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...(names.length > 0
        ? [
            new x509.SubjectAlternativeNameExtension(
              names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
            ),
          ]
        : []),
    ],
  });
  return certified(certificate.toString('pem'), privateKey);
}

async function library() {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

async function newKeys() {
  return crypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
}

function cryptoKeysOf(key: KeyObject) {
  return {
    privateKey: key.toCryptoKey(KEY, true, ['sign']),
    publicKey: createPublicKey(key).toCryptoKey(KEY, true, ['verify']),
  };
}

async function certified(
  pem: string,
  privateKey: Parameters<typeof crypto.subtle.exportKey>[1],
): Promise<CertifiedKey> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey));
  return {
    certificate: new X509Certificate(pem),
    key: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }),
  };
}
