/**
 * Makes X.509 certificates: a self-signed authority, and what it signs. certificates.ts calls it when one is missing or near its end,
 * `sampan kubeconfig` for a user of its own, and a master for a node that brings its key.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { CertifiedKey } from './certified-key.ts';
import { cryptoKeyOf, cryptoKeysOf, KEY, SIGNING, x509Library } from './x509-library.ts';

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface CertificateSubject {
  readonly commonName: string;
  /** A client's groups. */
  readonly organizations?: readonly string[];
  /** `both`: a node, which asks the API server and is asked by it. */
  readonly usage: 'server' | 'client' | 'both';
  /** The names and addresses of a server. */
  readonly names?: readonly string[];
}

/** `keys`: those of the authority that is renewed, so that what it signed stays valid. */
export async function issueAuthority(
  commonName: string,
  validity: Validity,
  keys?: { readonly privateKey: KeyObject },
): Promise<CertifiedKey> {
  const x509 = await x509Library();
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

/** With a new key. Valid no longer than `authority` is. */
export async function issueCertificate(
  subject: CertificateSubject,
  validity: Validity,
  authority: CertifiedKey,
): Promise<CertifiedKey> {
  const { privateKey, publicKey } = await newKeys();
  return certified(await sign(subject, validity, authority, publicKey), privateKey);
}

/** For a key that somebody else has, in PEM. */
export async function signCertificate(
  subject: CertificateSubject,
  validity: Validity,
  authority: CertifiedKey,
  publicKey: KeyObject,
): Promise<string> {
  return `${await sign(subject, validity, authority, cryptoKeyOf(publicKey))}\n`;
}

async function sign(
  subject: CertificateSubject,
  validity: Validity,
  authority: CertifiedKey,
  publicKey: CryptoKeyOf,
): Promise<string> {
  const x509 = await x509Library();
  const issuer = new x509.X509Certificate(authority.certificate.toString());
  const { organizations = [], names = [] } = subject;
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const usages = { server: [serverAuth], client: [clientAuth], both: [clientAuth, serverAuth] };
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
      new x509.ExtendedKeyUsageExtension(usages[subject.usage]),
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
  return certificate.toString('pem');
}

type CryptoKeyOf = ReturnType<typeof cryptoKeyOf>;

async function newKeys() {
  return crypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
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
