/** How a public key is named where people and objects speak of it: `sha256:…` over its SubjectPublicKeyInfo, as kubeadm does. */
import { createHash, type KeyObject } from 'node:crypto';

export function publicKeyHash(key: KeyObject): string {
  return `sha256:${createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('hex')}`;
}
