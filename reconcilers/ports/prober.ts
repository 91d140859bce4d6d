/**
 * Asks a program over the network how it is. The kubelet's probes and hooks use it; implemented over real sockets and by a fake. That
 * nobody answers is an answer: it never throws but where `signal` aborts.
 */

export interface ProbeAnswer {
  /** `warning`: a success that people are told of. */
  readonly outcome: 'success' | 'warning' | 'failure';
  /** What people are told, in Kubernetes' words. */
  readonly output: string;
}

export interface HttpAnswer extends ProbeAnswer {
  /** Absent where there was no answer. */
  readonly status?: number;
}

export interface NetworkTarget {
  /** An address or a name. */
  readonly host: string;
  readonly port: number;
}

export interface HttpTarget extends NetworkTarget {
  readonly scheme: 'HTTP' | 'HTTPS';
  /** May have a query. */
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** Part of the User-Agent. */
  readonly purpose: 'probe' | 'lifecycle';
}

export interface ProbeLimits {
  /** For all of it. Absent: as long as it takes. */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

export interface Prober {
  /** A GET. 2xx and 3xx are success; redirects are followed on the same host only; a certificate is not looked at. */
  http(target: HttpTarget, limits: ProbeLimits): Promise<HttpAnswer>;
  /** Whether a connection can be opened. */
  tcp(target: NetworkTarget, limits: ProbeLimits): Promise<ProbeAnswer>;
  /** Whether the service, '' being the server itself, says SERVING by grpc.health.v1. Without encryption, as in Kubernetes. */
  grpc(
    target: NetworkTarget,
    service: string,
    limits: ProbeLimits & { readonly timeoutMs: number },
  ): Promise<ProbeAnswer>;
}
