/** What the node-lifecycle loop reads: a node, its heartbeat, its pods, the addresses that other nodes hold. Cache only. */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Observation } from '../kit/reconciler.ts';
import type { Lease, Node } from '../objects/cluster.ts';
import { NODE_LEASE_NAMESPACE } from '../objects/cluster.ts';
import type { ObjectKey } from '../objects/meta.ts';
import type { Pod } from '../objects/pod.ts';
import type { HeartbeatTimes, Liveness, NodeHeartbeats } from './node-heartbeats.ts';
import { type PodCidrShare, podCidrShare } from './pod-cidrs.ts';

export interface ObservedNode {
  readonly name: string;
  readonly liveness: Liveness;
  /** How long the silence may last that `liveness` speaks of: for the messages. */
  readonly times: HeartbeatTimes;
  /** Bound to the node, in whatever state. */
  readonly pods: readonly Pod[];
  /** Of a node that has no addresses for its pods yet. */
  readonly share?: PodCidrShare;
}

export interface ObserverOptions extends HeartbeatTimes {
  /** How long a node must have been away before its pods are removed: it may just not have registered yet. */
  readonly removalMs: number;
  readonly clusterCidr: string;
}

export class NodeObserver {
  readonly #cache;
  readonly #heartbeats: NodeHeartbeats;
  readonly #absences: NodeHeartbeats;
  readonly #options: ObserverOptions;
  readonly #byNode;

  /** `absences`: those of nodes that pods name and nobody registered; they are no evidence about the nodes that are. */
  constructor(
    cache: ReadOnlyCache,
    deps: { heartbeats: NodeHeartbeats; absences: NodeHeartbeats },
    options: ObserverOptions,
  ) {
    this.#cache = cache;
    this.#heartbeats = deps.heartbeats;
    this.#absences = deps.absences;
    this.#options = options;
    this.#byNode = cache.index('Pod', (pod) => (pod.spec.nodeName === undefined ? [] : [pod.spec.nodeName]));
  }

  observe(key: ObjectKey): Observation<Node, ObservedNode> {
    const { name } = key;
    const node = this.#cache.get('Node', key);
    const pods = this.#byNode.get(name);
    const lease = this.#cache.get('Lease', { namespace: NODE_LEASE_NAMESPACE, name });
    const times = this.#timesOf(node, lease);
    const liveness = this.#livenessOf(name, node, pods.length > 0, beatOf(node, lease), times);
    const needsShare = node !== undefined && node.spec.podCIDR === undefined;
    const share = needsShare ? podCidrShare(this.#options.clusterCidr, this.#cache.list('Node')) : undefined;
    return { desired: node, observed: { name, liveness, times, pods, ...(share && { share }) } };
  }

  #livenessOf(name: string, node: Node | undefined, hasPods: boolean, beat: string, times: HeartbeatTimes): Liveness {
    const [kept, dropped] = node ? [this.#heartbeats, this.#absences] : [this.#absences, this.#heartbeats];
    dropped.forget(name);
    if (node !== undefined || hasPods) return kept.livenessOf(name, beat, times);
    kept.forget(name);
    return 'lost';
  }

  /** A node that promises to be heard less often than the grace period is given the time it asks for. */
  #timesOf(node: Node | undefined, lease: Lease | undefined): HeartbeatTimes {
    const { graceMs, evictionMs, removalMs } = this.#options;
    if (node === undefined) return { graceMs: removalMs, evictionMs };
    return { graceMs: Math.max(graceMs, (lease?.spec.leaseDurationSeconds ?? 0) * 1000), evictionMs };
  }
}

/** A text that changes with each sign of life: a renewed lease, or a status that the node itself wrote. */
function beatOf(node: Node | undefined, lease: Lease | undefined): string {
  if (node === undefined) return 'absent';
  const ready = node.status.conditions?.find((condition) => condition.type === 'Ready');
  return [node.metadata.uid, lease?.spec.renewTime, ready?.lastHeartbeatTime].join(' ');
}
