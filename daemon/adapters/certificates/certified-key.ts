/** A certificate with its private key, and how both lie in one PEM file: one rename writes them, so they never belong to two. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { readSecretFile } from './secret-file.ts';

export interface CertifiedKey {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

export function pemOf({ certificate, key }: CertifiedKey): { certificate: string; key: string } {
  return { certificate: certificate.toString(), key: key.export({ format: 'pem', type: 'pkcs8' }).toString() };
}

export function pemFileOf(pair: CertifiedKey): string {
  const { certificate, key } = pemOf(pair);
  return certificate + key;
}

/** Undefined where there is no such file. CertificateUnusable where it does not hold a certificate and the key that belongs to it. */
export function readCertifiedKey(path: string): CertifiedKey | undefined {
  const text = readSecretFile(path);
  if (text === undefined) return undefined;
  let pair: CertifiedKey;
  try {
    pair = { certificate: new X509Certificate(text), key: createPrivateKey(text) };
  } catch (cause) {
    throw new SampanError(
      'CertificateUnusable',
      { path, detail: 'it holds no certificate with its key in PEM' },
      cause,
    );
  }
  if (pair.certificate.checkPrivateKey(pair.key)) return pair;
  throw new SampanError('CertificateUnusable', { path, detail: 'the key is not that of the certificate' });
}
