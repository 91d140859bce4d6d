/**
 * The packet filter: carries Service traffic to endpoints on this node. The service proxy hands it one complete routing table as
 * a value; it makes the machine match in one atomic step whose cost follows the change. nftables and the userspace proxy
 * implement it.
 *
 * Errors: PacketFilterFailed.
 */
import type { Protocol } from '../objects/pod.ts';

export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

/** One port of one Service on one protocol. Without endpoints, connections are refused at once. */
export interface ServiceRoute {
  /** `default/upper:http`: for counters, comments, messages. */
  readonly name: string;
  readonly protocol: Protocol;
  readonly clusterIP: string;
  readonly port: number;
  readonly nodePort?: number;
  readonly endpoints: readonly Endpoint[];
}

export interface RoutingTable {
  /** Unused addresses of it are refused and never leave the machine. */
  readonly serviceCidr: string;
  /** This node's pods, and all pods: what is masqueraded and what is not follows from them. */
  readonly podCidr: string;
  readonly clusterCidr: string;
  /** Sorted by name, then protocol and port: equal tables are equal as JSON. */
  readonly routes: readonly ServiceRoute[];
}

export interface PacketFilter {
  readonly mode: 'nftables' | 'userspace' | 'none';
  /** What is installed, as far as it can be read back; undefined where it is missing, foreign or damaged. */
  installed(): Promise<RoutingTable | undefined>;
  /** Makes `table` the installed one, atomically; connections to endpoints that stay are not disturbed. */
  apply(table: RoutingTable): Promise<void>;
  /** Yields when somebody else may have changed the rules, until `signal` aborts; never throws. */
  disturbances(signal: AbortSignal): AsyncIterable<void>;
  /** Removes everything it ever installed. */
  remove(): Promise<void>;
}
