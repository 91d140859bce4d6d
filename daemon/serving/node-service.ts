/**
 * What a node answers about itself and its pods, at the kubelet's own paths: `/exec/{namespace}/{pod}/{container}` and the like. A node's
 * server asks it for whoever may, the API server beside it directly, and for other nodes by way of their servers.
 */
import type { HttpExchange } from './http-exchange.ts';
import type { StatsSummary } from './stats-summary.ts';

/** Where the kubelet listens, if nothing else is said. */
export const KUBELET_PORT = 10_250;

/** What is asked for to get a bare connection to a pod's address. The kubelet has none; see docs/decisions/0063. */
export const CONNECTION_PROTOCOL = 'tcp';

export interface NodeService {
  /**
   * Answers the exchange as one for `location`, a path with its query. Throws what is to be answered as an error while the exchange is
   * still HTTP; once a handler has taken the socket over, it speaks for itself.
   */
  serve(exchange: HttpExchange, location: string): Promise<void>;
  /** What `/stats/summary` answers. */
  summary(): Promise<StatsSummary>;
}
