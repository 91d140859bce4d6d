/**
 * The addresses and ports of a Service's pods, packed as Kubernetes packs them (RepackSubsets in pkg/api/v1/endpoints/util.go):
 * ports with exactly the same addresses share a subset. Sorted throughout, so that equal input gives equal output. Pure.
 */
import type { Pod } from '../objects/pod.ts';
import type { EndpointAddress, EndpointPort, EndpointSubset, Service } from '../objects/service.ts';
import {
  comparePorts,
  compareTexts,
  endpointHostname,
  endpointPort,
  type Member,
  membersOf,
  portText,
} from '../objects/service-members.ts';

/** `pods`: those that the Service's selector matches. A pod that is being deleted is no endpoint, unless the Service publishes all. */
export function endpointSubsets(service: Service, pods: readonly Pod[]): EndpointSubset[] {
  const members = membersOf(service, pods).filter(({ terminating, ready }) => ready || !terminating);
  if (members.length === 0) return [];
  // A headless Service may have no ports: then its addresses stand alone.
  if (service.spec.ports.length === 0) return [subset(service, [], members)];

  const groups = new Map<string, { ports: EndpointPort[]; members: Member[] }>();
  for (const { port, members: behind } of portsWithMembers(service, members)) {
    const identity = behind.map(({ pod }) => pod.metadata.uid).join(' ');
    const group = groups.get(identity);
    if (group) group.ports.push(port);
    else groups.set(identity, { ports: [port], members: behind });
  }
  return [...groups.values()]
    .map((group) => ({ ports: group.ports.sort(comparePorts), members: group.members }))
    .sort((a, b) => compareTexts(a.ports.map(portText).join(), b.ports.map(portText).join()))
    .map((group) => subset(service, group.ports, group.members));
}

/** Each resolved port with the pods that serve it: a named targetPort may be another number in each pod. */
function portsWithMembers(service: Service, members: readonly Member[]): { port: EndpointPort; members: Member[] }[] {
  return service.spec.ports.flatMap((servicePort) => {
    const byNumber = Map.groupBy(members, ({ pod }) => endpointPort(servicePort, pod)?.port);
    return [...byNumber.values()].flatMap((behind) => {
      const [first] = behind;
      const port = first && endpointPort(servicePort, first.pod);
      return port === undefined ? [] : { port, members: behind };
    });
  });
}

function subset(service: Service, ports: EndpointPort[], members: readonly Member[]): EndpointSubset {
  const addresses = members.filter(({ ready }) => ready).map(({ pod }) => addressOf(service, pod));
  const notReadyAddresses = members.filter(({ ready }) => !ready).map(({ pod }) => addressOf(service, pod));
  return {
    ...(addresses.length > 0 && { addresses }),
    ...(notReadyAddresses.length > 0 && { notReadyAddresses }),
    ...(ports.length > 0 && { ports }),
  };
}

function addressOf(service: Service, pod: Pod): EndpointAddress {
  const { name, namespace = '', uid } = pod.metadata;
  const hostname = endpointHostname(service, pod);
  return {
    ip: pod.status.podIP ?? '',
    ...(hostname !== undefined && { hostname }),
    ...(pod.spec.nodeName !== undefined && { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}
