/** Private keys that are made once and kept: the one that signs ServiceAccount tokens, a node's own. */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { readSecretFile, writeSecretFile } from './secret-file.ts';

/** What the file holds, made and written first where there is none. CertificateUnusable where there is something else. */
export function keyIn(path: string): KeyObject {
  const text = readSecretFile(path);
  if (text === undefined) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeSecretFile(path, privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
    return privateKey;
  }
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  } catch (cause) {
    throw new SampanError('CertificateUnusable', { path, detail: 'it holds no private key in PEM' }, cause);
  }
  throw new SampanError('CertificateUnusable', { path, detail: 'expected a key on the curve P-256' });
}
