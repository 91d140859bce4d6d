/**
 * Which port of a pod a Service's port goes to. The endpoints loops ask for every pod, so that pods of one Service may give
 * the same name to different numbers. https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports
 */
import { isSidecar, type Pod } from './pod.ts';
import type { ServicePort } from './service.ts';

/** The number behind `targetPort` in this pod; undefined where no container has a port of that name and protocol. */
export function resolveTargetPort(port: ServicePort, pod: Pod): number | undefined {
  if (typeof port.targetPort === 'number') return port.targetPort;
  const { containers, initContainers = [] } = pod.spec;
  for (const container of [...containers, ...initContainers.filter(isSidecar)]) {
    const named = container.ports?.find((p) => p.name === port.targetPort && p.protocol === port.protocol);
    if (named !== undefined) return named.containerPort;
  }
  return undefined;
}
