/**
 * The packet filter: carries Service traffic to endpoints on this node. The service proxy hands it one complete routing table as
 * a value; it makes the machine match in one atomic step whose cost follows the change. nftables and the userspace proxy
 * implement it, and one that does nothing.
 *
 * Errors: PacketFilterFailed.
 */
import type { Protocol } from '../objects/pod.ts';

/** IPv4 only. */
export interface Endpoint {
  readonly ip: string;
  readonly port: number;
  /** Its pod is being deleted: it is asked only because no other is left. */
  readonly leaving?: true;
}

/** An address from outside of the cluster that leads to a Service, at the Service's port. */
export interface ExternalAddress {
  readonly ip: string;
  /** CIDR blocks, none within another: who may come. Absent: anyone. */
  readonly sources?: readonly string[];
}

/**
 * One port of one Service on one protocol. Within a table no two routes share protocol, address and port, nor protocol and nodePort.
 *
 * A new connection goes to any of the endpoints that are for it, with the same probability, or to the one that had the client before
 * ({@link affinitySeconds}). Where there are none for it, it is refused at once; where only others have some (`internal` or `outside`
 * is empty and `endpoints` is not), it is dropped.
 */
export interface ServiceRoute {
  /** `default/upper:http`, `default/upper` where the port has no name: for comments, messages. */
  readonly name: string;
  readonly protocol: Protocol;
  readonly clusterIP: string;
  readonly port: number;
  readonly nodePort?: number;
  readonly external?: readonly ExternalAddress[];
  /** Each once. */
  readonly endpoints: readonly Endpoint[];
  /** What callers of the cluster address get instead: those on this node. Absent: `endpoints`. */
  readonly internal?: readonly Endpoint[];
  /**
   * What those callers of the node port and the external addresses get instead that come from outside of the cluster: the endpoints on
   * this node, which see them as they are. Absent: `endpoints`.
   */
  readonly outside?: readonly Endpoint[];
  /** For how long a client that was silent still gets the endpoint it had. */
  readonly affinitySeconds?: number;
}

/** The addresses of the cluster and of this node's share, all as IPv4 CIDR blocks. */
export interface ClusterNetwork {
  /** Unused addresses of it are refused and never leave the machine. */
  readonly serviceCidr: string;
  /** This node's pods, and all pods: what is masqueraded and what is not follows from them. */
  readonly podCidr: string;
  readonly clusterCidr: string;
}

export interface RoutingTable extends ClusterNetwork {
  /** Sorted by name, then protocol and port: equal tables are equal as JSON. */
  readonly routes: readonly ServiceRoute[];
}

export interface PacketFilter {
  readonly mode: 'nftables' | 'userspace' | 'none';
  /**
   * The table this process applied last, as long as nothing says that it is not in force any more; undefined before the first
   * apply, after a failed one, and where rules are missing, foreign or damaged. Cheap: it looks at the machine only after a
   * disturbance.
   */
  installed(): Promise<RoutingTable | undefined>;
  /** Makes `table` the installed one, atomically; connections to endpoints that stay are not disturbed. */
  apply(table: RoutingTable): Promise<void>;
  /** What was applied last, without looking; while a change is under way, what it changes. */
  readonly table: RoutingTable | undefined;
  /** Yields when somebody else may have changed the rules; ends when `signal` aborts, or at once where nobody can. Never throws. */
  disturbances(signal: AbortSignal): AsyncIterable<void>;
  /** Removes everything it, or an earlier process, ever installed. */
  remove(): Promise<void>;
}

/** Whether requests to some Service may be sent to `ip` by choice; what is asked as the last that is left does not count. */
export function routesTo(table: RoutingTable | undefined, ip: string): boolean {
  return table?.routes.some((route) => endpointsOf(route).some((each) => each.ip === ip && !each.leaving)) ?? false;
}

/** All that the route may lead to; one may come more than once. */
export function endpointsOf({ endpoints, internal = [], outside = [] }: ServiceRoute): readonly Endpoint[] {
  return internal.length + outside.length === 0 ? endpoints : [...endpoints, ...internal, ...outside];
}
