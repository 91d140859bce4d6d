/**
 * Wires the loop by which each node tells the cluster where its DNS server listens: in the Endpoints of the Service kube-dns, so that the
 * service proxy sends there what pods ask at the cluster's DNS address. One key, those Endpoints. Assembled on every node.
 */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import { DNS_SERVICE } from '../objects/cluster-dns.ts';
import { keyOf } from '../objects/meta.ts';
import type { NameServer } from '../ports/name-server.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { ClusterDnsAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { observeDns } from './observe.ts';
import { type DnsOfNode, type ObservedDns, plan } from './plan.ts';

export interface ClusterDnsDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
  readonly server: NameServer;
  readonly nodeName: string;
}

export function createClusterDnsLoop(deps: ClusterDnsDeps): Loop<DnsOfNode, ObservedDns, ClusterDnsAction> {
  const executors = createExecutors(deps);
  return {
    reconciler: {
      name: 'cluster-dns',
      observe: async () => observeDns(deps),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    concurrency: 1,
    allKeys: () => [DNS_SERVICE],
    *keysFor({ type, kind, object }) {
      const { namespace, name } = keyOf(object);
      const isOfService = namespace === DNS_SERVICE.namespace && name === DNS_SERVICE.name;
      if ((kind === 'Service' || kind === 'Endpoints') && isOfService) yield { key: DNS_SERVICE };
      if (kind === 'Node' && type === 'DELETED') yield { key: DNS_SERVICE };
    },
    async watchOutside(enqueue) {
      deps.server.onListening(() => enqueue({ key: DNS_SERVICE }));
    },
  };
}
