/**
 * Authenticates with join tokens, as Kubernetes' bootstrap token authenticator does: a Secret of kube-system says which there are. The
 * user is `system:bootstrap:<id>`. What one may do with it is RBAC's, and that it buys one node only is node-certificates/'s matter.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import {
  bootstrapTokenKey,
  bootstrapTokenOf,
  isExpired,
  parseBootstrapToken,
} from '../../../reconcilers/objects/bootstrap-token.ts';
import type { Clock } from '../../../reconcilers/ports/clock.ts';
import type { ObjectClient } from '../../../reconcilers/ports/object-client.ts';
import type { TokenAuthenticator } from './authentication.ts';
import { bootstrapUser } from './user.ts';

export interface BootstrapTokensDeps {
  /** Asked each time, past every cache: a token that was revoked is good for nothing from then on. */
  readonly client: Pick<ObjectClient, 'get'>;
  readonly clock: Clock;
}

export function bootstrapTokens({ client, clock }: BootstrapTokensDeps): TokenAuthenticator {
  return async (text) => {
    const shown = parseBootstrapToken(text);
    if (shown === undefined) return undefined;
    const stored = await client.get('Secret', bootstrapTokenKey(shown.id));
    if (stored === undefined || stored.metadata.deletionTimestamp !== undefined) return undefined;
    const token = bootstrapTokenOf(stored);
    if (token === undefined || !isSame(token.secret, shown.secret)) return undefined;
    if (!token.authenticates || isExpired(token, clock.now())) return undefined;
    return bootstrapUser(token.id, token.groups);
  };
}

/** How long it takes says nothing of how much was right. */
function isSame(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}
