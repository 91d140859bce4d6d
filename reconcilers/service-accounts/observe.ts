/** What the service-accounts loop reads: a namespace, its account `default`, and its copy of the authority. Cache only. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import type { Namespace } from '../objects/cluster.ts';
import type { ConfigMap } from '../objects/kinds/config-map.ts';
import type { ObjectKey } from '../objects/meta.ts';
import { accountIn, authorityIn } from './wanted.ts';

export interface ObservedAccounts {
  readonly hasAccount: boolean;
  readonly published?: ConfigMap;
  /** PEM; absent while there is none. */
  readonly authority?: string;
}

export function observeAccounts(
  cache: ReadOnlyCache,
  key: ObjectKey,
  authority: string | undefined,
): Observation<Namespace, ObservedAccounts> {
  const published = cache.get('ConfigMap', authorityIn(key.name));
  return {
    desired: cache.get('Namespace', key),
    observed: {
      hasAccount: cache.get('ServiceAccount', accountIn(key.name)) !== undefined,
      ...(published && { published }),
      ...(authority !== undefined && { authority }),
    },
  };
}
