/**
 * What others need to check ServiceAccount tokens by themselves: OpenID Connect's discovery document and the keys.
 * https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
 */
import { assertRead, jsonDocument, pathOf, sendDocument } from '../document.ts';
import type { Exchange } from '../exchange.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

const KEYS_PATH = '/openid/v1/jwks';
const CACHE_CONTROL = 'public, max-age=3600';

/** Answers the request where its path is one of these two; false where it is another's. */
export async function serveIssuerDiscovery(exchange: Exchange, accounts: ServiceAccountTokens): Promise<boolean> {
  switch (pathOf(exchange.request)) {
    case '/.well-known/openid-configuration':
      assertRead(exchange);
      sendDocument(exchange, jsonDocument(configurationOf(accounts.issuer)), CACHE_CONTROL);
      return true;
    case KEYS_PATH:
      assertRead(exchange);
      sendDocument(exchange, jsonDocument(await accounts.keySet(), 'application/jwk-set+json'), CACHE_CONTROL);
      return true;
    default:
      return false;
  }
}

function configurationOf(issuer: string): unknown {
  return {
    issuer,
    jwks_uri: `${issuer.replace(/\/$/, '')}${KEYS_PATH}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  };
}
