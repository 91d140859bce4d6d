/**
 * What a Service's slices should hold between them: its pods, or, where it has no selector, the Endpoints that people made for it.
 * Endpoints with the same ports go together. Pure. Sources: pkg/controller/endpointslice and endpointslicemirroring.
 */
import { isIPv6 } from 'node:net';
import {
  type EndpointSlice,
  LABEL_MANAGED_BY,
  LABEL_SERVICE_NAME,
  type SliceEndpoint,
} from '../objects/kinds/endpoint-slice.ts';
import type { OwnerReference } from '../objects/meta.ts';
import type { Pod } from '../objects/pod.ts';
import type { EndpointAddress, EndpointPort, Endpoints, Service } from '../objects/service.ts';
import {
  comparePorts,
  endpointHostname,
  endpointPort,
  type Member,
  membersOf,
  portText,
} from '../objects/service-members.ts';

/** Who keeps a slice, as Kubernetes' controllers sign. */
export const MANAGERS = {
  pods: 'endpointslice-controller.k8s.io',
  mirror: 'endpointslicemirroring-controller.k8s.io',
} as const;

/** Marks the slices of headless Services, which no proxy serves. */
const LABEL_HEADLESS = 'service.kubernetes.io/headless';
/** On Endpoints whose author keeps slices too. */
const LABEL_SKIP_MIRROR = 'endpointslice.kubernetes.io/skip-mirror';
/** On Endpoints that are an election's, of old. */
const ANNOTATION_LEADER = 'control-plane.alpha.kubernetes.io/leader';
const RESERVED_LABELS = new Set<string>([LABEL_SERVICE_NAME, LABEL_MANAGED_BY, LABEL_HEADLESS]);

export type SlicePorts = NonNullable<EndpointSlice['ports']>;

/** Endpoints that may share a slice. */
export interface SliceGroup {
  readonly addressType: EndpointSlice['addressType'];
  readonly ports: SlicePorts;
  readonly endpoints: readonly SliceEndpoint[];
}

export interface WantedSlices {
  readonly labels: Record<string, string>;
  readonly owner: OwnerReference;
  /** None without endpoints: a Service without pods still has one slice. */
  readonly groups: readonly SliceGroup[];
  readonly keepsOneEmpty: boolean;
}

/** `pods`: those that the Service's selector matches. */
export function slicesOfPods(service: Service, pods: readonly Pod[]): WantedSlices {
  const groups = new Map<string, { ports: EndpointPort[]; endpoints: SliceEndpoint[] }>();
  for (const member of membersOf(service, pods)) {
    const ports = service.spec.ports.flatMap((port) => endpointPort(port, member.pod) ?? []).sort(comparePorts);
    add(groups, ports, endpointOf(service, member));
  }
  const headless = service.spec.clusterIP === 'None';
  return {
    labels: labelsOf(service, MANAGERS.pods, headless),
    owner: ownerReference(service),
    groups: [...groups.values()].map(({ ports, endpoints }) => ({
      addressType: 'IPv4',
      ports: ports.map(named),
      endpoints,
    })),
    keepsOneEmpty: true,
  };
}

/** Undefined where these Endpoints are nobody's to mirror. */
export function slicesOfEndpoints(endpoints: Endpoints | undefined): WantedSlices | undefined {
  if (endpoints === undefined || endpoints.metadata.deletionTimestamp !== undefined) return undefined;
  const { labels, annotations } = endpoints.metadata;
  if (labels?.[LABEL_SKIP_MIRROR] === 'true' || annotations?.[ANNOTATION_LEADER] !== undefined) return undefined;
  const groups = (['IPv4', 'IPv6'] as const).flatMap((addressType) => {
    const ofType = new Map<string, { ports: EndpointPort[]; endpoints: SliceEndpoint[] }>();
    for (const { addresses = [], notReadyAddresses = [], ports = [] } of endpoints.subsets ?? []) {
      const sorted = [...ports].sort(comparePorts);
      const take = (address: EndpointAddress, ready: boolean) => {
        if (isIPv6(address.ip) === (addressType === 'IPv6')) add(ofType, sorted, mirrored(address, ready));
      };
      for (const address of addresses) take(address, true);
      for (const address of notReadyAddresses) take(address, false);
    }
    return [...ofType.values()].map(({ ports, endpoints: ofGroup }) => ({
      addressType,
      ports: ports.map(named),
      endpoints: ofGroup,
    }));
  });
  return {
    labels: labelsOf(endpoints, MANAGERS.mirror, false),
    owner: ownerReference(endpoints),
    groups,
    keepsOneEmpty: false,
  };
}

function add(
  groups: Map<string, { ports: EndpointPort[]; endpoints: SliceEndpoint[] }>,
  ports: EndpointPort[],
  endpoint: SliceEndpoint,
): void {
  const identity = ports.map(portText).join();
  const group = groups.get(identity);
  if (group) group.endpoints.push(endpoint);
  else groups.set(identity, { ports, endpoints: [endpoint] });
}

function endpointOf(service: Service, { pod, ready, serving, terminating }: Member): SliceEndpoint {
  const { name, namespace = '', uid } = pod.metadata;
  const hostname = endpointHostname(service, pod);
  return {
    addresses: [pod.status.podIP ?? ''],
    conditions: { ready, serving, terminating },
    ...(hostname !== undefined && { hostname }),
    ...(pod.spec.nodeName !== undefined && { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

function mirrored({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): SliceEndpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname !== undefined && { hostname }),
    ...(nodeName !== undefined && { nodeName }),
    ...(targetRef !== undefined && { targetRef }),
  };
}

/** In a slice a port without a name has the name ''. */
function named({ name = '', port, protocol }: EndpointPort): SlicePorts[number] {
  return { name, port, protocol };
}

function labelsOf(object: Service | Endpoints, manager: string, headless: boolean): Record<string, string> {
  const { name, labels = {} } = object.metadata;
  const own = Object.entries(labels).filter(([label]) => !RESERVED_LABELS.has(label));
  return {
    ...Object.fromEntries(own),
    [LABEL_SERVICE_NAME]: name,
    [LABEL_MANAGED_BY]: manager,
    ...(headless && { [LABEL_HEADLESS]: '' }),
  };
}

function ownerReference({ kind, metadata: { name, uid } }: Service | Endpoints): OwnerReference {
  return { apiVersion: 'v1', kind, name, uid, controller: true, blockOwnerDeletion: true };
}
