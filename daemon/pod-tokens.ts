/** The tokens of pods, as the kubelet asks for them, made by this daemon's own signer. Wired by `sampan run`. */
import { SampanError } from '../reconcilers/ports/errors.ts';
import type { ObjectClient } from '../reconcilers/ports/object-client.ts';
import type { TokenIssuer } from '../reconcilers/ports/token-issuer.ts';
import type { ServiceAccountTokens } from './apiserver/access/service-account-tokens.ts';

export function podTokens(
  signer: Pick<ServiceAccountTokens, 'issue' | 'audiences'>,
  client: Pick<ObjectClient, 'get'>,
): TokenIssuer {
  return {
    async issue({ namespace, serviceAccount: name, audiences, expirationSeconds, pod }) {
      const account = await client.get('ServiceAccount', { namespace, name });
      if (account === undefined) throw new SampanError('NotFound', { resource: 'serviceaccounts', name });
      const { token, expires } = await signer.issue({
        namespace,
        serviceAccount: { name, uid: account.metadata.uid },
        audiences: audiences.length > 0 ? audiences : signer.audiences,
        expirationSeconds,
        bound: { kind: 'Pod', ...pod },
      });
      return { token, expiresAt: expires };
    },
  };
}
