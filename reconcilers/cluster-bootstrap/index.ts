/**
 * Wires the loop that makes what every cluster has: the namespaces `default`, `kube-system` and `kube-node-lease`, the Services
 * `kubernetes` and `kube-dns`, and the StorageClass `local`. It has one key, the cluster. Assembled on the leading master; decides
 * nothing itself.
 */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import { apiServerOf } from '../objects/api-server-lease.ts';
import { DNS_SERVICE } from '../objects/cluster-dns.ts';
import type { ObjectKey } from '../objects/meta.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { ClusterBootstrapAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { type ObservedCluster, observeCluster } from './observe.ts';
import { plan } from './plan.ts';
import { type ClusterOptions, KUBERNETES_SERVICE, LOCAL_CLASS, SYSTEM_NAMESPACES } from './wanted.ts';

export interface ClusterBootstrapDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
  /** Without `apiServers`. Asked at every look; that `apiServer` changed shows in the Node named `nodeName`. */
  readonly options: () => ClusterOptions;
  readonly nodeName: string;
}

const CLUSTER: ObjectKey = { namespace: '', name: 'cluster' };

export function createClusterBootstrapLoop(
  deps: ClusterBootstrapDeps,
): Loop<ClusterOptions, ObservedCluster, ClusterBootstrapAction> {
  const executors = createExecutors(deps);
  const names: Partial<Record<string, readonly string[]>> = {
    Namespace: SYSTEM_NAMESPACES,
    Service: [KUBERNETES_SERVICE.name, DNS_SERVICE.name],
    Endpoints: [KUBERNETES_SERVICE.name],
    StorageClass: [LOCAL_CLASS],
    Node: [deps.nodeName],
  };
  return {
    reconciler: {
      name: 'cluster-bootstrap',
      observe: async () => observeCluster(deps.cache, deps.options()),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    concurrency: 1,
    allKeys: () => [CLUSTER],
    *keysFor({ kind, object }) {
      const isOfApiServer = kind === 'Lease' && apiServerOf(object) !== undefined;
      if (isOfApiServer || names[kind]?.includes(object.metadata.name)) yield { key: CLUSTER };
    },
  };
}
