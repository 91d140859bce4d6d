/**
 * The ports at which load balancers ask a node whether it has endpoints of its own for a Service. The service proxy says which there
 * are; an HTTP server in the daemon answers.
 *
 * Errors: PacketFilterFailed.
 */
export interface HealthCheck {
  readonly port: number;
  readonly namespace: string;
  readonly name: string;
  /** How many ready endpoints are on this node. */
  readonly localEndpoints: number;
}

export interface HealthCheckPorts {
  /** What is served now, as it was handed over last; after a failure, what could be. */
  readonly served: readonly HealthCheck[];
  /** Serves exactly these, sorted by port, from now on. */
  serve(checks: readonly HealthCheck[]): Promise<void>;
}
