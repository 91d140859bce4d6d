/** Wires the node-lifecycle loop, one key per node. Assembled on the leading master; decides nothing itself. */
import type { EventRecorder } from '../kit/event-recorder.ts';
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import { executeWith, type Loop } from '../kit/reconciler.ts';
import { isNodeReady, NODE_LEASE_NAMESPACE, type Node } from '../objects/cluster.ts';
import { keyOf, type ObjectKey } from '../objects/meta.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { NodeLifecycleAction } from './actions.ts';
import { createExecutors } from './execute.ts';
import { NodeHeartbeats } from './node-heartbeats.ts';
import { NodeObserver, type ObservedNode } from './observe.ts';
import { plan } from './plan.ts';

export interface NodeLifecycleDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
  /** Of the component `node-controller`. */
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly options: {
    /** `--cluster-cidr`: /24 of it per node. */
    readonly clusterCidr: string;
    /** `--node-monitor-grace-period`; default 10 s. A lease that lasts longer is waited for. */
    readonly nodeMonitorGracePeriodMs?: number;
    /** `--pod-eviction-timeout`, from NotReady on; default 30 s. */
    readonly podEvictionTimeoutMs?: number;
  };
}

const DEFAULTS = { nodeMonitorGracePeriodMs: 10_000, podEvictionTimeoutMs: 30_000 };
/** As Kubernetes' pod garbage collector waits (quarantineTime). */
const REMOVAL_MS = 40_000;

export function createNodeLifecycleLoop(deps: NodeLifecycleDeps): Loop<Node, ObservedNode, NodeLifecycleAction> {
  const { cache, options } = deps;
  const heartbeats = new NodeHeartbeats(deps.clock);
  const absences = new NodeHeartbeats(deps.clock);
  const observer = new NodeObserver(
    cache,
    { heartbeats, absences },
    {
      graceMs: options.nodeMonitorGracePeriodMs ?? DEFAULTS.nodeMonitorGracePeriodMs,
      evictionMs: options.podEvictionTimeoutMs ?? DEFAULTS.podEvictionTimeoutMs,
      removalMs: REMOVAL_MS,
      clusterCidr: options.clusterCidr,
    },
  );
  const executors = createExecutors(deps);
  return {
    reconciler: {
      name: 'node-lifecycle',
      observe: async (key) => observer.observe(key),
      plan,
      execute: (action, signal) => executeWith(executors, action, signal),
    },
    // Two nodes looked at together would be given the same addresses.
    concurrency: 1,
    *allKeys() {
      for (const node of cache.list('Node')) yield keyOf(node);
      for (const pod of cache.list('Pod')) if (pod.spec.nodeName !== undefined) yield nodeKey(pod.spec.nodeName);
    },
    *keysFor(change) {
      if (change.kind === 'Node') {
        yield { key: keyOf(change.object) };
        // Its addresses may be free again for a node that got none.
        if (change.type === 'DELETED' || change.object.spec.podCIDR !== change.previous?.spec.podCIDR) {
          for (const node of cache.list('Node')) if (node.spec.podCIDR === undefined) yield { key: keyOf(node) };
        }
      }
      if (change.kind === 'Lease' && change.object.metadata.namespace === NODE_LEASE_NAMESPACE) {
        yield { key: nodeKey(change.object.metadata.name) };
      }
      // A pod of a node that works is no news; one on a silent, missing or tainted node is.
      if (change.kind === 'Pod' && change.type !== 'DELETED' && change.object.spec.nodeName !== undefined) {
        const key = nodeKey(change.object.spec.nodeName);
        const node = cache.get('Node', key);
        if (!isNodeReady(node) || node?.spec.taints?.some(({ effect }) => effect === 'NoExecute')) yield { key };
      }
    },
    async watchOutside(enqueue, signal) {
      const wake = (node: string) => enqueue({ key: nodeKey(node) });
      await Promise.all([heartbeats.run(wake, signal), absences.run(wake, signal)]);
    },
  };
}

function nodeKey(name: string): ObjectKey {
  return { namespace: '', name };
}
