/** The node's decisions about itself, pure: to register, to correct its labels and status, to renew its lease in time. */
import { isDeepStrictEqual } from 'node:util';
import type { Plan } from '../kit/reconciler.ts';
import type { Lease, Node } from '../objects/cluster.ts';
import { NODE_LEASE_NAMESPACE } from '../objects/cluster.ts';
import { ANNOTATION_NAME_SERVER } from '../objects/cluster-dns.ts';
import { toMicroTime } from '../objects/meta.ts';
import type { NodeAction } from './actions.ts';
import { AWAY_TOLERATED_MS, nodeLabels, nodeStatus } from './node-object.ts';
import type { NodeObservation } from './observation.ts';

/** Shorter than Kubernetes' 40 s and 10 s: on few machines a heartbeat is cheap, and a lost node is noticed in 10 s. */
const LEASE_SECONDS = 10;
const RENEW_MS = 3_000;
/** A store that refuses writes is tried again in time for the lease, however long it has refused. */
const RETRY_MS = 2_000;

export function plan(desired: Node | undefined, observed: NodeObservation, now: number): Plan<NodeAction> {
  if (!observed.synced) return { actions: [], because: 'the stored state is not read yet' };
  const { away, info } = observed.runtime;
  if (desired === undefined && info === undefined) {
    return {
      actions: [],
      because: `the node is not registered: Docker does not answer${away ? `: ${away.message}` : ''}`,
    };
  }
  const corrections = desired === undefined ? register(observed, now) : correct(desired, observed, now);
  const actions = [...corrections, ...heartbeat(observed, now)];
  const times = [
    ...(actions.length > 0 ? [now + RETRY_MS] : []),
    renewAt(observed.lease, now),
    ...(away ? [away.since + AWAY_TOLERATED_MS] : []),
  ].filter((at) => at > now);
  return {
    actions,
    because: away === undefined ? 'the node is ready' : `Docker does not answer: ${away.message}`,
    ...(times.length > 0 && { checkAgainAfterMs: Math.min(...times) - now }),
  };
}

function register(observed: NodeObservation, now: number): NodeAction[] {
  const { config, runtime } = observed;
  if (runtime.info === undefined) return [];
  const annotations = ownAnnotations({}, observed);
  const node = {
    apiVersion: 'v1' as const,
    kind: 'Node' as const,
    metadata: { name: config.nodeName, labels: nodeLabels(config, runtime.info), annotations },
    spec: podCidrSpec(config.podCIDR),
    status: nodeStatus(observed, {}, now),
  };
  return [{ kind: 'register-node', node }];
}

function correct(node: Node, observed: NodeObservation, now: number): NodeAction[] {
  const corrected = corrections(node, observed);
  // After such a change the next look writes the status, over the version that then is the newest.
  if (corrected !== undefined) return [{ kind: 'correct-node', node: corrected }];
  const status = nodeStatus(observed, node.status, now);
  return isDeepStrictEqual(status, node.status) ? [] : [{ kind: 'update-node-status', node: { ...node, status } }];
}

/** The node as it should be but for its status; undefined where it is so. */
function corrections(node: Node, observed: NodeObservation): Node | undefined {
  const { config, runtime } = observed;
  const { labels: given = {}, annotations: noted = {} } = node.metadata;
  const labels = { ...given, ...(runtime.info && nodeLabels(config, runtime.info)) };
  const annotations = ownAnnotations(noted, observed);
  const { podCIDR: before, podCIDRs: _, ...spec } = node.spec;
  const podCIDR = config.podCIDR ?? (before === config.outdatedPodCIDR ? undefined : before);
  const isRight = isDeepStrictEqual([labels, annotations, podCIDR], [given, noted, before]);
  if (isRight) return undefined;
  return { ...node, metadata: { ...node.metadata, labels, annotations }, spec: { ...spec, ...podCidrSpec(podCIDR) } };
}

/** With where the DNS server listens; as long as it does not, what is written may still be true: the daemon was just started. */
function ownAnnotations(given: Readonly<Record<string, string>>, { nameServer }: NodeObservation) {
  if (nameServer === undefined) return given;
  const { [ANNOTATION_NAME_SERVER]: _, ...others } = given;
  return nameServer === '' ? others : { ...others, [ANNOTATION_NAME_SERVER]: nameServer };
}

function podCidrSpec(podCIDR: string | undefined): Pick<Node['spec'], 'podCIDR' | 'podCIDRs'> {
  return podCIDR === undefined ? {} : { podCIDR, podCIDRs: [podCIDR] };
}

function heartbeat({ config, lease, leaseNamespaceExists }: NodeObservation, now: number): NodeAction[] {
  if (!leaseNamespaceExists || now < renewAt(lease, now)) return [];
  const spec = {
    ...lease?.spec,
    holderIdentity: config.nodeName,
    leaseDurationSeconds: LEASE_SECONDS,
    renewTime: toMicroTime(now),
  };
  if (lease !== undefined) return [{ kind: 'renew-lease', lease: { ...lease, spec } }];
  const metadata = { namespace: NODE_LEASE_NAMESPACE, name: config.nodeName };
  return [{ kind: 'create-lease', lease: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec } }];
}

/** At once where there is none, or its time is in the future because the clock was set back. */
function renewAt(lease: Lease | undefined, now: number): number {
  const renewedAt = Date.parse(lease?.spec.renewTime ?? '');
  return Number.isNaN(renewedAt) || renewedAt > now ? now : renewedAt + RENEW_MS;
}
