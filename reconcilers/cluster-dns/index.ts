/**
 * Wires the loop that gathers where the nodes' DNS servers listen, as each tells in its own Node, in the Endpoints of the Service
 * kube-dns: there the service proxies lead what is asked at the cluster's DNS address. One key, those Endpoints. Assembled on the leading
 * master.
 */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import { isNodeReady, type Node } from '../objects/cluster.ts';
import { ANNOTATION_NAME_SERVER, DNS_SERVICE } from '../objects/cluster-dns.ts';
import { keyOf } from '../objects/meta.ts';
import type { Service } from '../objects/service.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { ClusterDnsAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { observeDns } from './observe.ts';
import { type ObservedDns, plan } from './plan.ts';

export interface ClusterDnsDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
}

export function createClusterDnsLoop(deps: ClusterDnsDeps): Loop<Service, ObservedDns, ClusterDnsAction> {
  const executors = createExecutors(deps);
  return {
    reconciler: {
      name: 'cluster-dns',
      observe: async () => observeDns(deps.cache),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    concurrency: 1,
    allKeys: () => [DNS_SERVICE],
    *keysFor({ type, kind, object, previous }) {
      if (kind === 'Service' || kind === 'Endpoints') {
        const { namespace, name } = keyOf(object);
        if (namespace === DNS_SERVICE.namespace && name === DNS_SERVICE.name) yield { key: DNS_SERVICE };
      }
      if (kind === 'Node' && (type !== 'MODIFIED' || saysOtherwise(object, previous))) yield { key: DNS_SERVICE };
    },
  };
}

function saysOtherwise(node: Node, previous: Node | undefined): boolean {
  const placeOf = (each: Node | undefined) => each?.metadata.annotations?.[ANNOTATION_NAME_SERVER];
  return placeOf(node) !== placeOf(previous) || isNodeReady(node) !== isNodeReady(previous);
}
