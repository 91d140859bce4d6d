/**
 * The node's report on itself: registers the Node, keeps its capacity, addresses, images and conditions true, and renews the
 * Lease that says it lives. Runs on the node itself; wiring only.
 */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import { NODE_LEASE_NAMESPACE, type Node } from '../objects/cluster.ts';
import type { Clock } from '../ports/clock.ts';
import type { ContainerRuntime } from '../ports/container-runtime.ts';
import type { ReadHeadroom } from '../ports/headroom.ts';
import type { NameServer } from '../ports/name-server.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { NodeAction } from './actions.ts';
import type { NodeConfig } from './config.ts';
import { createExecutors } from './execute.ts';
import type { NodeObservation } from './observation.ts';
import { observeNode } from './observe.ts';
import { plan } from './plan.ts';
import { RuntimeWatch } from './runtime-watch.ts';

export interface NodeStatusDeps {
  readonly cache: ReadOnlyCache;
  /** Read-your-writes. */
  readonly client: ObjectClient;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly config: NodeConfig;
  /** Absent where pods ask somebody else for names. */
  readonly nameServer?: NameServer | undefined;
  /** Absent: the node says nothing of pressure. */
  readonly headroom?: ReadHeadroom | undefined;
}

export function createNodeStatusLoop(deps: NodeStatusDeps): Loop<Node, NodeObservation, NodeAction> {
  const { cache, client, config, nameServer, headroom } = deps;
  const watch = new RuntimeWatch(deps);
  const executors = createExecutors(client);
  const key = { namespace: '', name: config.nodeName };
  return {
    concurrency: 1,
    routine: ['renew-lease'],
    reconciler: {
      name: 'node-status',
      observe: async () => observeNode({ cache, watch, config, nameServer, headroom }),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    allKeys: () => [key],
    keysFor({ kind, object: { metadata } }) {
      const isOwn =
        (kind === 'Node' && metadata.name === config.nodeName) ||
        (kind === 'Lease' && metadata.namespace === NODE_LEASE_NAMESPACE && metadata.name === config.nodeName) ||
        (kind === 'Namespace' && metadata.name === NODE_LEASE_NAMESPACE);
      return isOwn ? [{ key }] : [];
    },
    watchOutside(enqueue, signal) {
      nameServer?.onListening(() => enqueue({ key }));
      return watch.run(() => enqueue({ key }), signal);
    },
  };
}
