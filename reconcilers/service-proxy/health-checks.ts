/** Which health check ports this node should serve, and what they say. Called by plan.ts; pure. */
import { type EndpointSlice, LABEL_SERVICE_NAME } from '../objects/kinds/endpoint-slice.ts';
import { needsHealthCheckPort, type Service } from '../objects/service.ts';
import type { HealthCheck } from '../ports/health-check-ports.ts';

/** Sorted by port. */
export function healthChecksOf(
  node: string,
  services: readonly Service[],
  slices: readonly EndpointSlice[],
): HealthCheck[] {
  const checks = services.flatMap(({ metadata: { namespace = '', name }, spec }): HealthCheck[] => {
    const { healthCheckNodePort: port } = spec;
    if (!needsHealthCheckPort(spec) || port === undefined) return [];
    const own = slices.filter(
      ({ metadata }) => metadata.namespace === namespace && metadata.labels?.[LABEL_SERVICE_NAME] === name,
    );
    return [{ port, namespace, name, localEndpoints: countLocal(node, own) }];
  });
  return checks.sort((a, b) => a.port - b.port);
}

function countLocal(node: string, slices: readonly EndpointSlice[]): number {
  const ready = slices
    .flatMap(({ endpoints }) => endpoints)
    .filter(({ nodeName, conditions }) => nodeName === node && conditions?.ready !== false);
  return new Set(ready.map(({ addresses }) => addresses[0])).size;
}
