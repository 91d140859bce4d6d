/** What the files given to a joining agent say: its token, and the authority that the masters must stand under. node-credential.ts asks. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type JoinToken, parseJoinToken } from '../reconcilers/objects/bootstrap-token.ts';
import { SampanError } from '../reconcilers/ports/errors.ts';
import { publicKeyHash } from './adapters/certificates/public-key-hash.ts';
import type { NodeCredentialOptions } from './node-credential.ts';

type JoinFiles = Pick<NodeCredentialOptions, 'tokenFile' | 'caFile' | 'nodeName' | 'folder'>;

export type JoinTrust = { readonly token: string } & (
  | { readonly ca: string; readonly authority?: string | undefined }
  | { readonly ca?: undefined; readonly authority: string }
);

/** What the files given say. Usage where that is not enough to know whom to trust. */
export function joinTrust({ tokenFile, caFile, nodeName, folder }: JoinFiles): JoinTrust {
  if (tokenFile === undefined) {
    const detail = `this machine has no credential in ${folder} yet; it joins as node "${nodeName}" with a --token-file (sampan token create)`;
    throw new SampanError('Usage', { detail });
  }
  const { token, authority } = tokenIn(tokenFile);
  if (caFile !== undefined) {
    const ca = authorityIn(caFile);
    if (authority !== undefined && publicKeyHash(ca.publicKey) !== authority) {
      throw new SampanError('Usage', { detail: `${caFile} is not the authority that the token in ${tokenFile} names` });
    }
    return { token, ca: ca.toString() };
  }
  if (authority !== undefined) return { token, authority };
  const detail = `the token in ${tokenFile} does not say which authority to trust; use all that sampan token create prints (ID.SECRET@sha256:...), or give a --ca-file`;
  throw new SampanError('Usage', { detail });
}

function tokenIn(path: string): JoinToken {
  const token = parseJoinToken(read(path));
  if (token !== undefined) return token;
  const detail = `${path} holds no join token; expected what sampan token create prints: abcdef.0123456789abcdef@sha256:...`;
  throw new SampanError('Usage', { detail });
}

function authorityIn(path: string): X509Certificate {
  try {
    return new X509Certificate(read(path));
  } catch (cause) {
    if (cause instanceof SampanError) throw cause;
    throw new SampanError('Usage', { detail: `${path} holds no certificate in PEM` }, cause);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SampanError('Usage', { detail: `cannot read ${path}` }, cause);
  }
}
