/**
 * Wires the loop that gives every namespace what its pods need to speak to the API server, one key per namespace: the ServiceAccount
 * `default`, and the ConfigMap `kube-root-ca.crt`. Assembled on the leading master; decides nothing itself.
 */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import type { Namespace } from '../objects/cluster.ts';
import { DEFAULT_SERVICE_ACCOUNT, ROOT_CERTIFICATE } from '../objects/kinds/service-account.ts';
import { keyOf } from '../objects/meta.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { ServiceAccountsAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { type ObservedAccounts, observeAccounts } from './observe.ts';
import { plan } from './plan.ts';

export interface ServiceAccountsDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
  /** The API server's certificate authority in PEM, as it is now; nothing is published while there is none. */
  readonly authority: () => string | undefined;
}

export function createServiceAccountsLoop(
  deps: ServiceAccountsDeps,
): Loop<Namespace, ObservedAccounts, ServiceAccountsAction> {
  const { cache, authority } = deps;
  const executors = createExecutors(deps);
  const names: Partial<Record<string, string>> = {
    ServiceAccount: DEFAULT_SERVICE_ACCOUNT,
    ConfigMap: ROOT_CERTIFICATE.configMap,
  };
  return {
    reconciler: {
      name: 'service-accounts',
      observe: async (key) => observeAccounts(cache, key, authority()),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    allKeys: () => cache.list('Namespace').map(keyOf),
    *keysFor({ kind, object }) {
      if (kind === 'Namespace') yield { key: keyOf(object) };
      const { name, namespace = '' } = object.metadata;
      if (names[kind] === name) yield { key: { namespace: '', name: namespace } };
    },
  };
}
