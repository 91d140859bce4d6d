/**
 * Answers load balancers that ask at a Service's health check port whether this node has endpoints of its own: 200 where it has, 503
 * where not, with kube-proxy's JSON. The service-proxy loop says which ports there are. Whoever can reach the node may ask.
 */
import { createServer, type Server, type ServerResponse } from 'node:http';
import { messageOf, SampanError } from '../../reconcilers/ports/errors.ts';
import type { HealthCheck, HealthCheckPorts } from '../../reconcilers/ports/health-check-ports.ts';

interface Served {
  readonly server: Server;
  check: HealthCheck;
}

export class HealthCheckServers implements HealthCheckPorts {
  readonly #byPort = new Map<number, Served>();
  served: readonly HealthCheck[] = [];

  /** All ports that can be opened are, also where one cannot; that one is then the error. */
  async serve(checks: readonly HealthCheck[]): Promise<void> {
    const wanted = new Map(checks.map((check) => [check.port, check]));
    for (const [port, { server }] of this.#byPort) {
      if (wanted.has(port)) continue;
      server.close();
      server.closeAllConnections();
      this.#byPort.delete(port);
    }
    const failures: string[] = [];
    for (const check of checks) {
      const served = this.#byPort.get(check.port);
      if (served !== undefined) served.check = check;
      else await this.#open(check).catch((error) => failures.push(`port ${check.port}: ${messageOf(error)}`));
    }
    this.served = checks.filter(({ port }) => this.#byPort.has(port));
    if (failures.length > 0)
      throw new SampanError('PacketFilterFailed', { detail: `health checks: ${failures.join('; ')}` });
  }

  async #open(check: HealthCheck): Promise<void> {
    const server = createServer((_request, response) => answer(response, served.check)).unref();
    const served: Served = { server, check };
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(check.port, '0.0.0.0', () => {
        server.off('error', reject).on('error', () => {}); // an accept that failed is the asker's loss alone
        resolve();
      });
    });
    this.#byPort.set(check.port, served);
  }
}

function answer(response: ServerResponse, { namespace, name, localEndpoints }: HealthCheck): void {
  const body = { service: { namespace, name }, localEndpoints, serviceProxyHealthy: true };
  response.writeHead(localEndpoints > 0 ? 200 : 503, {
    'Content-Type': 'application/json',
    'X-Content-Type-Options': 'nosniff',
    'X-Load-Balancing-Endpoint-Weight': String(localEndpoints),
  });
  response.end(`${JSON.stringify(body, undefined, '\t')}\n`);
}
