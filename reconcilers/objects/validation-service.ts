/**
 * Validation of Services. Called by the kind's page; whether an address or node port is still free is not its business but that of
 * whoever allocates them. Source: pkg/apis/core/validation/validation.go (ValidateService, ValidateServiceUpdate).
 */
import { isIPv6 } from 'node:net';
import { isZero } from './defaulting.ts';
import { type FieldError, forbidden, invalid, required } from './field-error.ts';
import { element } from './field-path.ts';
import { equalJson, type Json, type JsonObject, objectAt, objectsAt, textOf } from './json.ts';
import { dnsSubdomain } from './name-formats.ts';
import { isExternallyAccessible, needsHealthCheckPort, type ServiceSpec } from './service.ts';
import { validateLabels } from './validation-metadata.ts';
import { oneOf, validPort } from './validation-pod.ts';
import { NO_IPV6, validateClusterIPs, validateClusterIPsUpdate } from './validation-service-addresses.ts';
import { validateLoadBalancer, validateLoadBalancerStatus } from './validation-service-balancer.ts';
import { reachableAddress, validateServicePorts } from './validation-service-ports.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const AFFINITIES = ['ClientIP', 'None'];
const POLICIES = ['Cluster', 'Local'];
const DISTRIBUTIONS = ['PreferClose', 'PreferSameNode', 'PreferSameZone'];
/** A day. */
const MAX_AFFINITY_SECONDS = 86_400;

export function validateService(service: JsonObject): FieldError[] {
  const spec = objectAt(service, 'spec') ?? {};
  const needsPorts = spec.clusterIP !== 'None' && spec.type !== 'ExternalName';
  return [
    ...(objectsAt(spec, 'ports').length === 0 && needsPorts ? [required('spec.ports')] : []),
    ...validateExternalName(spec),
    ...validateServicePorts(spec),
    ...validateLabels(spec.selector, 'spec.selector'),
    ...oneOf(spec.sessionAffinity, AFFINITIES, 'spec.sessionAffinity'),
    ...validateAffinity(spec),
    ...validateClusterIPs(spec),
    ...validateExternalIPs(spec),
    ...oneOf(spec.type, TYPES, 'spec.type'),
    ...validateLoadBalancer(service),
    ...validateExternalPolicy(spec),
    ...(spec.internalTrafficPolicy === undefined
      ? []
      : oneOf(spec.internalTrafficPolicy, POLICIES, 'spec.internalTrafficPolicy')),
    ...(spec.trafficDistribution === undefined
      ? []
      : oneOf(spec.trafficDistribution, DISTRIBUTIONS, 'spec.trafficDistribution')),
    ...validateLoadBalancerStatus(service),
  ];
}

/** An address that was given stays: clients hold on to it. */
export function validateServiceUpdate(next: JsonObject, previous: JsonObject): FieldError[] {
  const [after, before] = [objectAt(next, 'spec') ?? {}, objectAt(previous, 'spec') ?? {}];
  const errors = validateClusterIPsUpdate(after, before);
  const areBalanced = after.type === 'LoadBalancer' && before.type === 'LoadBalancer';
  if (areBalanced && !equalJson(after.loadBalancerClass, before.loadBalancerClass)) {
    errors.push(invalid('spec.loadBalancerClass', after.loadBalancerClass, 'may not change once set'));
  }
  const areChecked = needsHealthCheckPort(typed(after)) && needsHealthCheckPort(typed(before));
  if (areChecked && after.healthCheckNodePort !== before.healthCheckNodePort) {
    errors.push(forbidden('spec.healthCheckNodePort', 'field is immutable'));
  }
  return errors;
}

function validateExternalName(spec: JsonObject): FieldError[] {
  if (spec.type !== 'ExternalName') return [];
  const errors = ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy']
    .filter((field) => spec[field] !== undefined)
    .map((field) => forbidden(`spec.${field}`, 'may not be set for ExternalName services'));
  // A trailing dot says that the name is complete.
  const name = textOf(spec.externalName).replace(/\.$/, '');
  if (name === '') return [...errors, required('spec.externalName')];
  return [...errors, ...dnsSubdomain(name).map((text) => invalid('spec.externalName', name, text))];
}

function validateAffinity(spec: JsonObject): FieldError[] {
  const field = 'spec.sessionAffinityConfig';
  const { sessionAffinityConfig: config } = spec;
  if (spec.sessionAffinity === 'None' && config !== undefined) {
    return [forbidden(field, 'must not be set when session affinity is None')];
  }
  if (spec.sessionAffinity !== 'ClientIP') return [];
  const seconds = objectAt(objectAt(spec, 'sessionAffinityConfig'), 'clientIP')?.timeoutSeconds;
  if (typeof seconds === 'number' && seconds > 0 && seconds <= MAX_AFFINITY_SECONDS) return [];
  const range = `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`;
  return [invalid(`${field}.clientIP.timeoutSeconds`, seconds, range)];
}

function validateExternalIPs(spec: JsonObject): FieldError[] {
  const ips: Json[] = Array.isArray(spec.externalIPs) ? spec.externalIPs : [];
  return ips.flatMap((ip, i) => {
    const at = element('spec.externalIPs', i);
    return isIPv6(textOf(ip)) ? [invalid(at, ip, NO_IPV6)] : reachableAddress(ip, at);
  });
}

function validateExternalPolicy(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const { externalTrafficPolicy: policy, healthCheckNodePort: port } = spec;
  if (policy !== undefined && policy !== '') {
    const field = 'spec.externalTrafficPolicy';
    if (isExternallyAccessible(typed(spec))) errors.push(...oneOf(policy, POLICIES, field));
    else errors.push(invalid(field, policy, 'may only be set for externally-accessible services'));
  }
  if (port !== undefined && !isZero(port)) {
    const field = 'spec.healthCheckNodePort';
    const rule = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(...(needsHealthCheckPort(typed(spec)) ? validPort(port, field) : [invalid(field, port, rule)]));
  }
  return errors;
}

function typed(spec: JsonObject): ServiceSpec {
  return spec as unknown as ServiceSpec;
}
