/**
 * What an update of a Service keeps although its author left it open (addresses that were given), and what it drops because the new
 * type has no use for it. Called by the kind's page for writes through the API, and by manifest-sync for what is declared. Pure; in
 * place. Source: pkg/registry/core/service (patchAllocatedValues, normalizeClusterIPs, dropTypeDependentFields).
 */
import { isZero, setDefined } from './defaulting.ts';
import { copyJson, equalJson, type JsonObject, objectAt, objectsAt } from './json.ts';
import {
  isExternallyAccessible,
  needsClusterIP,
  needsHealthCheckPort,
  needsNodePorts,
  type ServiceSpec,
} from './service.ts';

/** `next` is defaulted; both are whole Services. */
export function prepareServiceUpdate(next: JsonObject, previous: JsonObject): void {
  const [spec, before] = [objectAt(next, 'spec') ?? {}, objectAt(previous, 'spec') ?? {}];
  keepAddresses(spec, before);
  syncClusterIPs(spec, before);
  dropUnused(spec, before);
  const status = objectAt(next, 'status');
  if (status !== undefined && spec.type !== 'LoadBalancer') status.loadBalancer = {};
}

/** Whether both of the spec's states are of a type that needs the thing. */
type Needs = (spec: ServiceSpec) => boolean;
const both = (needs: Needs, a: JsonObject, b: JsonObject) => needs(typed(a)) && needs(typed(b));
const gaveUp = (needs: Needs, next: JsonObject, before: JsonObject) => needs(typed(before)) && !needs(typed(next));

function keepAddresses(spec: JsonObject, before: JsonObject): void {
  if (both(needsClusterIP, spec, before) && isZero(spec.clusterIP) && !isZero(before.clusterIP)) {
    spec.clusterIP = before.clusterIP;
    if (!hasItems(spec.clusterIPs)) setDefined(spec, 'clusterIPs', copyJson(before.clusterIPs));
  }
  if (both(needsClusterIP, spec, before)) {
    for (const field of ['ipFamilies', 'ipFamilyPolicy']) {
      if (spec[field] === undefined) setDefined(spec, field, copyJson(before[field]));
    }
  }
  if (both(needsNodePorts, spec, before)) keepNodePorts(spec, before);
  if (both(needsHealthCheckPort, spec, before) && isZero(spec.healthCheckNodePort)) {
    setDefined(spec, 'healthCheckNodePort', before.healthCheckNodePort);
  }
}

/** Ports are known by their names; a node port that another port asks for by value is not given back to its former holder. */
function keepNodePorts(spec: JsonObject, before: JsonObject): void {
  const asked = new Set(objectsAt(spec, 'ports').map(nodePortKey));
  for (const port of objectsAt(spec, 'ports')) {
    if (!isZero(port.nodePort)) continue;
    const held = objectsAt(before, 'ports').find(({ name }) => (name ?? '') === (port.name ?? ''));
    if (held === undefined || isZero(held.nodePort) || held.protocol !== port.protocol) continue;
    if (!asked.has(nodePortKey(held))) setDefined(port, 'nodePort', held.nodePort);
  }
}

function nodePortKey({ nodePort = 0, protocol = '' }: JsonObject): string {
  return `${String(nodePort)}/${String(protocol)}`;
}

/** Whoever changes one of the two alone means both. */
function syncClusterIPs(spec: JsonObject, before: JsonObject): void {
  if (spec.clusterIP === before.clusterIP || !equalJson(spec.clusterIPs, before.clusterIPs)) return;
  if (isZero(spec.clusterIP)) delete spec.clusterIPs;
  else spec.clusterIPs = [spec.clusterIP as string];
}

/** Only what its author did not also change: that is for validation to refuse. */
function dropUnused(spec: JsonObject, before: JsonObject): void {
  const dropSame = (...fields: string[]) => {
    for (const field of fields) if (equalJson(spec[field], before[field])) delete spec[field];
  };
  if (gaveUp(needsClusterIP, spec, before)) {
    if (spec.clusterIP === before.clusterIP && equalJson(spec.clusterIPs, before.clusterIPs)) {
      spec.clusterIP = '';
      delete spec.clusterIPs;
    }
    dropSame('ipFamilies', 'ipFamilyPolicy');
  }
  if (gaveUp(needsNodePorts, spec, before)) {
    const held = objectsAt(before, 'ports').map(({ nodePort }) => nodePort);
    const ports = objectsAt(spec, 'ports');
    if (ports.every(({ nodePort }) => isZero(nodePort) || held.includes(nodePort))) {
      for (const port of ports) delete port.nodePort;
    }
  }
  if (gaveUp(needsHealthCheckPort, spec, before)) dropSame('healthCheckNodePort');
  if (gaveUp(isExternallyAccessible, spec, before)) dropSame('externalTrafficPolicy');
  if (gaveUp(isBalanced, spec, before)) dropSame('allocateLoadBalancerNodePorts', 'loadBalancerClass');
}

function isBalanced({ type }: ServiceSpec): boolean {
  return type === 'LoadBalancer';
}

function typed(spec: JsonObject): ServiceSpec {
  return spec as unknown as ServiceSpec;
}

function hasItems(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}
