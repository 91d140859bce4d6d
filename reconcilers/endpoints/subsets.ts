/**
 * The addresses and ports of a Service's pods, packed as Kubernetes packs them (RepackSubsets in pkg/api/v1/endpoints/util.go):
 * ports with exactly the same addresses share a subset. Sorted throughout, so that equal input gives equal output. Pure.
 */
import { isPodReady, isPodTerminal, type Pod } from '../objects/pod.ts';
import { resolveTargetPort } from '../objects/port-resolution.ts';
import type { EndpointAddress, EndpointPort, EndpointSubset, Service } from '../objects/service.ts';

interface Member {
  readonly pod: Pod;
  readonly ready: boolean;
}

/** `pods`: those that the Service's selector matches. A pod that is being deleted, has ended or has no address is no endpoint. */
export function endpointSubsets(service: Service, pods: readonly Pod[]): EndpointSubset[] {
  const members = pods
    .filter((pod) => pod.metadata.deletionTimestamp === undefined && !isPodTerminal(pod) && pod.status.podIP)
    .map((pod) => ({ pod, ready: service.spec.publishNotReadyAddresses === true || isPodReady(pod) }))
    .sort(byAddress);
  if (members.length === 0) return [];
  // A headless Service may have no ports: then its addresses stand alone.
  if (service.spec.ports.length === 0) return [subset([], members)];

  const groups = new Map<string, { ports: EndpointPort[]; members: Member[] }>();
  for (const { port, members: behind } of portsWithMembers(service, members)) {
    const identity = behind.map(({ pod }) => pod.metadata.uid).join(' ');
    const group = groups.get(identity);
    if (group) group.ports.push(port);
    else groups.set(identity, { ports: [port], members: behind });
  }
  return [...groups.values()]
    .map((group) => ({ ports: group.ports.sort(byPort), members: group.members }))
    .sort((a, b) => compareBy(a.ports.map(portText).join(), b.ports.map(portText).join()))
    .map((group) => subset(group.ports, group.members));
}

/** Each resolved port with the pods that serve it: a named targetPort may be another number in each pod. */
function portsWithMembers(service: Service, members: readonly Member[]): { port: EndpointPort; members: Member[] }[] {
  return service.spec.ports.flatMap((servicePort) => {
    const byNumber = Map.groupBy(members, ({ pod }) => resolveTargetPort(servicePort, pod));
    const { name, protocol } = servicePort;
    return [...byNumber].flatMap(([port, behind]) =>
      port === undefined ? [] : { port: { ...(name !== undefined && { name }), port, protocol }, members: behind },
    );
  });
}

function subset(ports: EndpointPort[], members: readonly Member[]): EndpointSubset {
  const addresses = members.filter(({ ready }) => ready).map(({ pod }) => addressOf(pod));
  const notReadyAddresses = members.filter(({ ready }) => !ready).map(({ pod }) => addressOf(pod));
  return {
    ...(addresses.length > 0 && { addresses }),
    ...(notReadyAddresses.length > 0 && { notReadyAddresses }),
    ...(ports.length > 0 && { ports }),
  };
}

function addressOf(pod: Pod): EndpointAddress {
  const { name, namespace = '', uid } = pod.metadata;
  return {
    ip: pod.status.podIP ?? '',
    ...(pod.spec.nodeName !== undefined && { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

function byAddress(a: Member, b: Member): number {
  return compareBy(`${a.pod.status.podIP} ${a.pod.metadata.uid}`, `${b.pod.status.podIP} ${b.pod.metadata.uid}`);
}

function byPort(a: EndpointPort, b: EndpointPort): number {
  return compareBy(portText(a), portText(b));
}

function portText(port: EndpointPort): string {
  return `${port.name ?? ''}/${String(port.port).padStart(5, '0')}/${port.protocol}`;
}

function compareBy(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
