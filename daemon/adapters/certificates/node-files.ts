/**
 * An agent's credential in its data dir's `pki`: the key, made before anybody is asked and kept for good, and the certificate it got
 * for it with the authority that stands for the API servers. What cannot be used is never replaced.
 */
import { type KeyObject, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { keyIn } from './key-file.ts';
import { readSecretFile, writeSecretFile } from './secret-file.ts';

const KEY_FILE = 'agent-key.pem';
export const CERTIFICATE_FILE = 'agent.pem';
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g;

export interface HeldCertificate {
  readonly certificate: X509Certificate;
  /** PEM. */
  readonly authority: string;
}

export class NodeFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get certificatePath(): string {
    return join(this.#folder, CERTIFICATE_FILE);
  }

  /** CertificateUnusable where there is something else. */
  key(): KeyObject {
    return keyIn(join(this.#folder, KEY_FILE));
  }

  /** Undefined where there is none yet. CertificateUnusable where it is damaged, or not for `key`. */
  certificate(key: KeyObject): HeldCertificate | undefined {
    const path = this.certificatePath;
    const text = readSecretFile(path);
    if (text === undefined) return undefined;
    let held: HeldCertificate;
    try {
      held = heldIn(text);
    } catch (cause) {
      throw new SampanError(
        'CertificateUnusable',
        { path, detail: 'it holds no certificate with its authority in PEM' },
        cause,
      );
    }
    if (held.certificate.checkPrivateKey(key)) return held;
    throw new SampanError('CertificateUnusable', {
      path,
      detail: `the key in ${KEY_FILE} is not that of the certificate`,
    });
  }

  /** Both in PEM; one rename writes them. */
  write({ certificate, authority }: { readonly certificate: string; readonly authority: string }): HeldCertificate {
    const text = `${certificate.trim()}\n${authority.trim()}\n`;
    const held = heldIn(text);
    writeSecretFile(this.certificatePath, text);
    return held;
  }
}

function heldIn(text: string): HeldCertificate {
  const [own, authority] = (text.match(CERTIFICATE) ?? []).map((pem) => new X509Certificate(pem));
  if (own === undefined || authority === undefined) throw new Error('expected two certificates');
  return { certificate: own, authority: authority.toString() };
}
