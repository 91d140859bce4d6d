/** Carries the node-lifecycle loop's actions out. Each write insists on the version that was looked at. */
import type { EventRecorder } from '../kit/event-recorder.ts';
import { inParallel } from '../kit/in-parallel.ts';
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Executors } from '../kit/reconciler.ts';
import type { Node, NodeCondition } from '../objects/cluster.ts';
import { formatKey, toTimestamp } from '../objects/meta.ts';
import { NODE_NOT_READY, type Pod } from '../objects/pod.ts';
import { withDisruptionTarget } from '../objects/policy/disruption-target.ts';
import type { Clock } from '../ports/clock.ts';
import { isSampanError } from '../ports/errors.ts';
import type { DeleteOptions, ObjectClient } from '../ports/object-client.ts';
import type { NetworkCondition, NodeLifecycleAction, SeenPod } from './actions.ts';

/** Writes under way at once. */
const PARALLEL_WRITES = 16;
const TAINTED = 'Taint manager: deleting due to NoExecute taint';

export interface ExecuteDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
  readonly events: EventRecorder;
  readonly clock: Clock;
}

export function createExecutors({ client, cache, events, clock }: ExecuteDeps): Executors<NodeLifecycleAction> {
  const nodeAsSeen = (wanted: { node: string; resourceVersion: string }): Node | undefined => {
    const node = cache.get('Node', { namespace: '', name: wanted.node });
    return node?.metadata.resourceVersion === wanted.resourceVersion ? node : undefined;
  };

  const deletePods = (pods: readonly SeenPod[], options: DeleteOptions, message: string, signal: AbortSignal) =>
    inParallel(pods, PARALLEL_WRITES, signal, async ({ uid, resourceVersion, ...key }) => {
      const pod = cache.get('Pod', key);
      await client.delete('Pod', key, { ...options, uid, resourceVersion });
      if (pod !== undefined) events.record(pod, 'Warning', 'TaintManagerEviction', message);
    });

  return {
    'assign-pod-cidr': async ({ podCIDR, ...wanted }) => {
      const node = nodeAsSeen(wanted);
      if (node === undefined) return; // Written by somebody meanwhile: the next look decides.
      await client.update('Node', { ...node, spec: { ...node.spec, podCIDR, podCIDRs: [podCIDR] } });
    },

    'write-network-condition': async ({ condition, ...wanted }) => {
      const node = nodeAsSeen(wanted);
      if (node === undefined) return;
      const conditions = withNetwork(node, condition, clock.now());
      await client.updateStatus('Node', { ...node, status: { ...node.status, conditions } });
    },

    'write-taints': async ({ taints, ...wanted }) => {
      const node = nodeAsSeen(wanted);
      if (node === undefined) return;
      const { taints: _, ...spec } = node.spec;
      await client.update('Node', { ...node, spec: { ...spec, ...(taints.length > 0 && { taints: [...taints] }) } });
    },

    'mark-node-unknown': async (wanted) => {
      const node = nodeAsSeen(wanted);
      if (node === undefined) return;
      await client.updateStatus('Node', {
        ...node,
        status: { ...node.status, conditions: unknown(node, clock.now()) },
      });
      events.record(node, 'Normal', 'NodeNotReady', `Node ${node.metadata.name} status is now: NodeNotReady`);
    },

    'mark-pods-not-ready': async ({ pods }, signal) => {
      await inParallel(pods, PARALLEL_WRITES, signal, async (wanted) => {
        const pod = cache.get('Pod', wanted);
        if (pod?.metadata.resourceVersion !== wanted.resourceVersion) return;
        try {
          await client.updateStatus('Pod', { ...pod, status: notReady(pod, clock.now()) });
          events.record(pod, 'Warning', NODE_NOT_READY, 'Node is not ready');
        } catch (error) {
          if (!isSampanError(error, 'NotFound')) throw error;
        }
      });
    },

    'evict-pods': ({ node, pods }, signal) =>
      deletePods(pods, {}, `Marking for deletion: node ${node} has been lost for too long`, signal),

    'evict-tainted-pods': ({ pods }, signal) =>
      inParallel(pods, PARALLEL_WRITES, signal, async ({ uid, resourceVersion, ...key }) => {
        const pod = cache.get('Pod', key);
        if (pod?.metadata.resourceVersion !== resourceVersion) return; // It changed: the next look decides.
        try {
          const { status } = withDisruptionTarget(pod, 'DeletionByTaintManager', TAINTED, clock.now());
          await client.updateStatus('Pod', { ...pod, status });
          await client.delete('Pod', key, { uid });
          events.record(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${formatKey(key)}`);
        } catch (error) {
          if (!isSampanError(error, 'NotFound')) throw error;
        }
      }),

    'remove-pods': ({ node, pods }, signal) =>
      deletePods(pods, { gracePeriodSeconds: 0 }, `Removed: node ${node} no longer exists`, signal),
  };
}

function withNetwork({ status }: Node, wanted: NetworkCondition, now: number): NodeCondition[] {
  const type = 'NetworkUnavailable';
  const others = (status.conditions ?? []).filter((condition) => condition.type !== type);
  const time = toTimestamp(now);
  return [...others, { type, ...wanted, lastHeartbeatTime: time, lastTransitionTime: time }];
}

/** Every condition that only the node could tell is unknown now; Kubernetes' wording. */
function unknown(node: Node, now: number): NodeCondition[] {
  const told = node.status.conditions ?? [];
  const conditions = told.some(({ type }) => type === 'Ready')
    ? told
    : [...told, { type: 'Ready', status: 'Unknown' as const }];
  return conditions.map((condition) =>
    condition.type === 'NetworkUnavailable'
      ? condition
      : {
          ...condition,
          status: 'Unknown' as const,
          reason: 'NodeStatusUnknown',
          message: 'Kubelet stopped posting node status.',
          lastTransitionTime:
            condition.status === 'Unknown' && condition.lastTransitionTime
              ? condition.lastTransitionTime
              : toTimestamp(now),
        },
  );
}

/** So that Services stop sending to it; whether it still runs, nobody knows. */
function notReady(pod: Pod, now: number): Pod['status'] {
  const conditions = (pod.status.conditions ?? []).map((condition) =>
    condition.type === 'Ready'
      ? { type: 'Ready', status: 'False' as const, reason: NODE_NOT_READY, lastTransitionTime: toTimestamp(now) }
      : condition,
  );
  return { ...pod.status, conditions };
}
