/** The tokens of pods on a node of its own: the API servers make them, for pods that are bound to it. */
import type { TokenIssuer } from '../../../reconcilers/ports/token-issuer.ts';
import type { ApiServers } from './api-servers.ts';

interface TokenRequest {
  readonly status: { readonly token: string; readonly expirationTimestamp: string };
}

export function apiTokenIssuer(servers: ApiServers): TokenIssuer {
  return {
    async issue({ namespace, serviceAccount, audiences, expirationSeconds, pod }) {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
      const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', ...pod };
      const spec = { audiences, expirationSeconds, boundObjectRef };
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
      const { status } = await servers.json<TokenRequest>({ method: 'POST', path, body });
      return { token: status.token, expiresAt: Date.parse(status.expirationTimestamp) };
    },
  };
}
