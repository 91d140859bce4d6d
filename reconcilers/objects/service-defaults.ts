/**
 * Kubernetes' defaulting of a Service, called by its page in `kinds/`. What follows from the cluster (addresses, families, node ports)
 * is given in the transaction that writes it. Pure; in place. Source: pkg/apis/core/v1/defaults.go, SetDefaults_Service.
 */
import { defaultObject, isZero, setDefault, setDefined } from './defaulting.ts';
import { type JsonObject, objectAt, objectsAt } from './json.ts';
import { isExternallyAccessible, needsClusterIP, type ServiceSpec } from './service.ts';

/** Three hours. */
const AFFINITY_SECONDS = 10_800;

export function setServiceDefaults(service: JsonObject): void {
  const spec = defaultObject(service, 'spec');
  setDefault(spec, 'type', 'ClusterIP');
  setDefault(spec, 'sessionAffinity', 'None');
  defaultAffinity(spec);
  defaultPorts(spec);
  defaultClusterIPs(spec);
  const typed = spec as unknown as ServiceSpec;
  if (isExternallyAccessible(typed)) setDefault(spec, 'externalTrafficPolicy', 'Cluster');
  if (needsClusterIP(typed)) setDefault(spec, 'internalTrafficPolicy', 'Cluster');
  if (typed.type === 'LoadBalancer') setDefault(spec, 'allocateLoadBalancerNodePorts', true);
  for (const field of LISTS) if (Array.isArray(spec[field]) && spec[field].length === 0) delete spec[field];
  if (isZero(spec.healthCheckNodePort)) delete spec.healthCheckNodePort;
  defaultStatus(service);
}

/** An empty list is as good as none, and shown as none. */
const LISTS = ['clusterIPs', 'ipFamilies', 'externalIPs', 'loadBalancerSourceRanges'] as const;

function defaultAffinity(spec: JsonObject): void {
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity !== 'ClientIP') return;
  const clientIP = objectAt(objectAt(spec, 'sessionAffinityConfig'), 'clientIP');
  if ((clientIP?.timeoutSeconds ?? null) === null) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: AFFINITY_SECONDS } };
  }
}

function defaultPorts(spec: JsonObject): void {
  // A headless Service may have none; who reads one counts on the list.
  setDefault(spec, 'ports', []);
  for (const port of objectsAt(spec, 'ports')) {
    setDefault(port, 'protocol', 'TCP');
    if (isZero(port.targetPort)) setDefined(port, 'targetPort', port.port);
    if (isZero(port.nodePort)) delete port.nodePort;
  }
}

/** `clusterIP` and `clusterIPs` say the same; either may be the one that is given. */
function defaultClusterIPs(spec: JsonObject): void {
  const [first] = Array.isArray(spec.clusterIPs) ? spec.clusterIPs : [];
  if (typeof spec.clusterIP === 'string' && spec.clusterIP !== '') {
    if (first === undefined) spec.clusterIPs = [spec.clusterIP];
  } else if (typeof first === 'string') {
    spec.clusterIP = first;
  } else {
    spec.clusterIP = '';
  }
}

function defaultStatus(service: JsonObject): void {
  const balancer = defaultObject(defaultObject(service, 'status'), 'loadBalancer');
  for (const ingress of objectsAt(balancer, 'ingress')) {
    if (!isZero(ingress.ip)) setDefault(ingress, 'ipMode', 'VIP');
  }
}

/**
 * Families and their policy, for a Service that is about to get its addresses; this cluster has IPv4 alone. A headless Service without a
 * selector gets both families, whatever the cluster has: what its endpoints are is up to who writes them, as in Kubernetes.
 */
export function setIPFamilies(spec: ServiceSpec): void {
  if (!needsClusterIP(spec)) return;
  const isFree = isHeadlessWithoutSelector(spec);
  spec.ipFamilyPolicy ??= isFree ? 'RequireDualStack' : 'SingleStack';
  spec.ipFamilies ??= ['IPv4'];
  const [first, ...others] = spec.ipFamilies;
  if (isFree && spec.ipFamilyPolicy !== 'SingleStack' && others.length === 0) {
    spec.ipFamilies = first === 'IPv6' ? ['IPv6', 'IPv4'] : ['IPv4', 'IPv6'];
  }
}

export function isHeadlessWithoutSelector({
  clusterIP,
  selector,
}: Pick<ServiceSpec, 'clusterIP' | 'selector'>): boolean {
  return clusterIP === 'None' && Object.keys(selector ?? {}).length === 0;
}
