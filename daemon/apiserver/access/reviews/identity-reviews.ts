/** authentication.k8s.io: who am I (`kubectl auth whoami`), and whose token is this. */
import { toTimestamp } from '../../../../reconcilers/objects/meta.ts';
import type { Clock } from '../../../../reconcilers/ports/clock.ts';
import { SampanError } from '../../../../reconcilers/ports/errors.ts';
import { type TokenAuthenticator, tokenUser } from '../authentication.ts';
import type { ServiceAccountTokens } from '../service-account-tokens.ts';
import { authenticated } from '../user.ts';
import { type Review, textAt, textsAt, wireUser } from './review.ts';

export function selfSubjectReview(clock: Clock): Review {
  return async ({ user }) => ({
    metadata: { creationTimestamp: toTimestamp(clock.now()) },
    status: { userInfo: wireUser(user) },
  });
}

/** A static token names no audience: it is for this API server. */
export function tokenReview(tokens: readonly TokenAuthenticator[], accounts: ServiceAccountTokens): Review {
  return async ({ spec }) => {
    const token = textAt(spec, 'token');
    if (token === '') {
      throw new SampanError('BadRequest', { detail: 'token is required for TokenReview in authentication' });
    }
    const asked = textsAt(spec, 'audiences');
    const audiences = asked.length > 0 ? asked : accounts.audiences;
    const own = audiences.filter((audience) => accounts.audiences.includes(audience));
    const known = own.length > 0 ? await tokenUser(token, tokens) : undefined;
    const found = known ? { user: known, audiences: own } : await accounts.verify(token, audiences);
    // The token is not sent back.
    if (found === undefined) return { spec: {}, status: { user: {}, error: 'the token is not valid' } };
    const user = wireUser(authenticated(found.user));
    return { spec: {}, status: { authenticated: true, user, audiences: found.audiences } };
  };
}
