/**
 * Probes over real sockets, from the host's network. `sampan run` makes one for the node; it keeps no connection and nothing else. The
 * gRPC library is loaded with the first probe that needs it.
 */
import type * as port from '../../../reconcilers/ports/prober.ts';
import { httpProbe } from './http-probe.ts';
import { tcpProbe } from './tcp-probe.ts';

export class NetworkProber implements port.Prober {
  http(target: port.HttpTarget, limits: port.ProbeLimits): Promise<port.HttpAnswer> {
    return httpProbe(target, limits);
  }

  tcp(target: port.NetworkTarget, limits: port.ProbeLimits): Promise<port.ProbeAnswer> {
    return tcpProbe(target, limits);
  }

  async grpc(
    target: port.NetworkTarget,
    service: string,
    limits: port.ProbeLimits & { readonly timeoutMs: number },
  ): Promise<port.ProbeAnswer> {
    const { grpcProbe } = await import('./grpc-probe.ts');
    limits.signal.throwIfAborted();
    return grpcProbe(target, service, limits);
  }
}
