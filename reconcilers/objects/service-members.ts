/**
 * Which pods stand behind a Service, and on which ports: what its Endpoints and its EndpointSlices are both made of. Sorted, so that
 * equal input gives equal output. Pure.
 */
import { isPodReady, isPodTerminal, type Pod } from './pod.ts';
import { resolveTargetPort } from './port-resolution.ts';
import type { EndpointPort, Service, ServicePort } from './service.ts';

export interface Member {
  readonly pod: Pod;
  /** Its Ready condition is true. */
  readonly serving: boolean;
  readonly terminating: boolean;
  /** Whether traffic may go to it: it serves and is not leaving, or the Service publishes all that it has. */
  readonly ready: boolean;
}

/** `pods`: those that the Service's selector matches. One that has ended or has no address is no member. */
export function membersOf(service: Service, pods: readonly Pod[]): Member[] {
  const publishesAll = service.spec.publishNotReadyAddresses === true;
  return pods
    .filter((pod) => !isPodTerminal(pod) && pod.status.podIP)
    .map((pod) => {
      const serving = isPodReady(pod);
      const terminating = pod.metadata.deletionTimestamp !== undefined;
      return { pod, serving, terminating, ready: publishesAll || (serving && !terminating) };
    })
    .sort(byAddress);
}

/** Where the pod listens for the Service's port; undefined where it has no port of the name that the Service gives. */
export function endpointPort(servicePort: ServicePort, pod: Pod): EndpointPort | undefined {
  const port = resolveTargetPort(servicePort, pod);
  if (port === undefined) return undefined;
  const { name, protocol } = servicePort;
  return { ...(name !== undefined && { name }), port, protocol };
}

export function comparePorts(a: EndpointPort, b: EndpointPort): number {
  return compareTexts(portText(a), portText(b));
}

/** The pod's own name below the Service's, where it asks for one there (its `hostname` and `subdomain`). */
export function endpointHostname(service: Service, { spec: { hostname, subdomain } }: Pod): string | undefined {
  return hostname !== '' && subdomain === service.metadata.name ? hostname : undefined;
}

/** Equal texts for ports that are the same, sorted by name. */
export function portText(port: { readonly name?: string; readonly port?: number; readonly protocol?: string }): string {
  return `${port.name ?? ''}/${String(port.port).padStart(5, '0')}/${port.protocol}`;
}

export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function byAddress(a: Member, b: Member): number {
  return compareTexts(`${a.pod.status.podIP} ${a.pod.metadata.uid}`, `${b.pod.status.podIP} ${b.pod.metadata.uid}`);
}
