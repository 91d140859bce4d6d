/**
 * How many requests are under way at once: reads, writes, and those that stay open (watches, followed logs, exec). One more is
 * told to come back, so that a storm of clients cannot take the daemon's memory. Kubernetes' max-in-flight filter.
 */
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { RequestAttributes } from './request-attributes.ts';

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

export function classOf(attributes: RequestAttributes): RequestClass {
  const { type, verb } = attributes;
  if (type === 'resource' && (verb === 'watch' || STREAMING.includes(attributes.subresource))) return 'streams';
  return READING.includes(verb) ? 'reads' : 'writes';
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
