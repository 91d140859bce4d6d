/**
 * Who stands behind one port of a Service, as its EndpointSlices say, and who of them gets traffic on this node. Called by
 * routing-table.ts; pure. It never looks at pods: what state they are in is the endpoint-slices loop's work.
 */
import { isIPv4 } from 'node:net';
import type { EndpointSlice, SliceEndpoint } from '../objects/kinds/endpoint-slice.ts';
import type { ServicePort, ServiceSpec } from '../objects/service.ts';
import type { Endpoint } from '../ports/packet-filter.ts';

/** Where the routes are for. */
export interface Here {
  readonly node: string;
  /** By node, of those that have one. */
  readonly zones: Readonly<Record<string, string>>;
}

export interface Candidate {
  readonly endpoint: Endpoint;
  readonly isReady: boolean;
  readonly isLocal: boolean;
  /** Meant for callers of this node, or of its zone: as hints say, or by where it is. */
  readonly isForNode: boolean;
  readonly isForZone: boolean;
}

/**
 * All that may get traffic of the port, ready or not, each address once, sorted. An endpoint serves the Service's port of the same name
 * and protocol (https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/).
 */
export function candidatesOf(servicePort: ServicePort, slices: readonly EndpointSlice[], here: Here): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const { addressType, ports = [], endpoints } of slices) {
    if (addressType !== 'IPv4') continue;
    for (const { name = '', port, protocol = 'TCP' } of ports) {
      if (port === undefined || protocol !== servicePort.protocol || name !== (servicePort.name ?? '')) continue;
      for (const endpoint of endpoints) {
        const candidate = candidateOf(endpoint, port, here);
        if (candidate === undefined) continue;
        const key = `${candidate.endpoint.ip}:${port}`;
        // While an endpoint moves from one slice to another it is in both.
        if (found.get(key)?.isReady !== true) found.set(key, candidate);
      }
    }
  }
  return [...found.keys()].sort().map((key) => found.get(key) as Candidate);
}

/** Ready ones; where there are none, those that still serve although they are about to go. */
export function reachable(candidates: readonly Candidate[]): Endpoint[] {
  const ready = candidates.filter(({ isReady }) => isReady);
  const chosen = ready.length > 0 ? ready : candidates;
  return chosen.map(({ endpoint }) => endpoint);
}

/** Those that `trafficDistribution` prefers, as long as one of them is ready; otherwise all. */
export function preferred(
  candidates: readonly Candidate[],
  { trafficDistribution }: Pick<ServiceSpec, 'trafficDistribution'>,
): readonly Candidate[] {
  if (trafficDistribution === undefined) return candidates;
  const isReady = (candidate: Candidate) => candidate.isReady;
  const onNode = candidates.filter(({ isForNode }) => isForNode);
  if (trafficDistribution === 'PreferSameNode' && onNode.some(isReady)) return onNode;
  const inZone = candidates.filter(({ isForZone }) => isForZone);
  return inZone.some(isReady) ? inZone : candidates;
}

/** Undefined for one that serves nobody. */
function candidateOf(
  { addresses, conditions = {}, nodeName = '', zone, hints = {} }: SliceEndpoint,
  port: number,
  { node, zones }: Here,
): Candidate | undefined {
  const [ip = ''] = addresses;
  const { ready: isReady = true, terminating: isLeaving = false } = conditions;
  const isServing = conditions.serving ?? isReady;
  if (!isIPv4(ip) || (!isReady && !(isServing && isLeaving))) return undefined;
  const ownZone = zones[node];
  const isLocal = nodeName !== '' && nodeName === node;
  const isInZone = (zone ?? zones[nodeName]) === ownZone;
  return {
    endpoint: { ip, port, ...(isLeaving && { leaving: true }) },
    isReady,
    isLocal,
    isForNode: hints.forNodes?.some(({ name }) => name === node) ?? isLocal,
    isForZone: ownZone !== undefined && (hints.forZones?.some(({ name }) => name === ownZone) ?? isInZone),
  };
}
