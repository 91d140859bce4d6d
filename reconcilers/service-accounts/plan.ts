/** Compares a namespace with what every namespace has for its pods. Pure. */
import type { Plan } from '../kit/reconciler.ts';
import type { Namespace } from '../objects/cluster.ts';
import type { ServiceAccountsAction } from './actions.ts';
import type { ObservedAccounts } from './observe.ts';
import { saysAuthority } from './wanted.ts';

export function plan(
  desired: Namespace | undefined,
  { hasAccount, published, authority }: ObservedAccounts,
): Plan<ServiceAccountsAction> {
  if (desired === undefined || desired.metadata.deletionTimestamp !== undefined) {
    return { actions: [], because: 'the namespace is gone or going' };
  }
  const namespace = desired.metadata.name;
  const actions: ServiceAccountsAction[] = hasAccount ? [] : [{ kind: 'create-account', namespace }];
  if (authority !== undefined && published === undefined) {
    actions.push({ kind: 'publish-authority', namespace, authority });
  } else if (authority !== undefined && published !== undefined && !saysAuthority(published, authority)) {
    const { resourceVersion } = published.metadata;
    actions.push({ kind: 'correct-authority', namespace, resourceVersion, authority });
  }
  const because = actions.length === 0 ? 'pods have what they need' : 'pods lack an account, or an authority to trust';
  return { actions, because };
}
