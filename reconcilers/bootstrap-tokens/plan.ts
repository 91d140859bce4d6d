/** Looks at one join token and its time. Pure; Kubernetes' tokencleaner does the same. */
import type { Plan } from '../kit/reconciler.ts';
import { bootstrapTokenOf, isExpired } from '../objects/bootstrap-token.ts';
import type { Secret } from '../objects/kinds/secret.ts';
import type { BootstrapTokensAction } from './actions.ts';

/** Longer than a timer can be: it is looked at again then. */
const LONGEST_MS = 86_400_000;

export function plan(secret: Secret | undefined, _observed: object, now: number): Plan<BootstrapTokensAction> {
  const token = secret && bootstrapTokenOf(secret);
  if (secret === undefined || token === undefined) return { actions: [], because: 'there is no such join token' };
  if (token.expires === undefined) return { actions: [], because: 'the token does not expire' };
  if (!isExpired(token, now)) {
    const checkAgainAfterMs = Math.min(token.expires - now, LONGEST_MS);
    return { actions: [], because: 'the token has time left', checkAgainAfterMs };
  }
  const { namespace = '', name, uid, resourceVersion } = secret.metadata;
  return {
    actions: [{ kind: 'remove-token', namespace, name, uid, resourceVersion }],
    because: `join token ${token.id} has expired`,
  };
}
