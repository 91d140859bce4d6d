/**
 * How many requests are under way at once: reads, writes, and those that stay open (watches, followed logs, exec). One more is
 * told to come back, so that a storm of clients cannot take the daemon's memory. Kubernetes' max-in-flight filter.
 */
import { NODE_LEASE_NAMESPACE } from '../../../reconcilers/objects/cluster.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { RequestAttributes } from './request-attributes.ts';
import type { UserInfo } from './user.ts';

export interface InFlightLimits {
  /** `--max-requests-inflight`: requests that change nothing. */
  readonly reads: number;
  /** `--max-mutating-requests-inflight`. */
  readonly writes: number;
  /** `--max-streams`. */
  readonly streams: number;
}

export const DEFAULT_LIMITS: InFlightLimits = { reads: 400, writes: 200, streams: 1_000 };

export type RequestClass = keyof InFlightLimits;

const STREAMING = ['attach', 'exec', 'feed', 'log', 'portforward', 'proxy'];
const READING = ['get', 'list', 'head', 'options'];
const NODES = ['system:nodes', 'system:masters'];

export function isStream(attributes: RequestAttributes): boolean {
  return attributes.type === 'resource' && (attributes.verb === 'watch' || STREAMING.includes(attributes.subresource));
}

export function classOf(attributes: RequestAttributes): RequestClass {
  if (isStream(attributes)) return 'streams';
  return READING.includes(attributes.verb) ? 'reads' : 'writes';
}

/**
 * Whether a node lives by it: what it hears of the cluster, and the sign that it is there. Those are as many as there are nodes, and to
 * refuse one makes more work than to answer it: its pods would be taken for lost.
 */
export function isVital({ groups }: UserInfo, attributes: RequestAttributes): boolean {
  if (attributes.type !== 'resource' || !groups.some((group) => NODES.includes(group))) return false;
  const { verb, resource, subresource, namespace } = attributes;
  const isHeartbeat = resource === 'leases' && namespace === NODE_LEASE_NAMESPACE && verb === 'update';
  return isHeartbeat || (resource === 'nodes' && (subresource === 'feed' || subresource === 'status'));
}

export class InFlight {
  readonly #limits: InFlightLimits;
  readonly #count = { reads: 0, writes: 0, streams: 0 };

  constructor(limits: InFlightLimits = DEFAULT_LIMITS) {
    this.#limits = limits;
  }

  /** TooManyRequests where it is full; else what to call, once, when the request is over. */
  enter(kind: RequestClass): () => void {
    if (this.#count[kind] >= this.#limits[kind]) throw new SampanError('TooManyRequests');
    this.#count[kind] += 1;
    let inside = true;
    return () => {
      if (inside) this.#count[kind] -= 1;
      inside = false;
    };
  }
}
