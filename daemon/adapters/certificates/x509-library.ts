/**
 * The library that makes and reads what `node:crypto` cannot: certificates and requests for them. Loaded only when it is needed: half
 * a second that a daemon with its certificates in place does not spend. issue.ts and certificate-request.ts share it.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';

/** Small, fast to sign with, and understood by every TLS client of the last ten years. */
export const KEY = { name: 'ECDSA', namedCurve: 'P-256' } as const;
export const SIGNING = { ...KEY, hash: 'SHA-256' } as const;

export async function x509Library() {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

export function cryptoKeysOf(privateKey: KeyObject) {
  return {
    privateKey: privateKey.toCryptoKey(KEY, true, ['sign']),
    publicKey: cryptoKeyOf(createPublicKey(privateKey)),
  };
}

export function cryptoKeyOf(publicKey: KeyObject) {
  return publicKey.toCryptoKey(KEY, true, ['verify']);
}
