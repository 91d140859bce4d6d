/**
 * Validation of what only a Service of type LoadBalancer may say, and of what its balancer reports. Called by validation-service.ts.
 * Source: as there, and ValidateLoadBalancerStatus.
 */
import { isIP } from 'node:net';
import { isZero } from './defaulting.ts';
import { type FieldError, forbidden, invalid, required } from './field-error.ts';
import { child, element } from './field-path.ts';
import { type Json, type JsonObject, objectAt, objectsAt, textOf } from './json.ts';
import { dnsSubdomain, ipAddress } from './name-formats.ts';
import { oneOf } from './validation-pod.ts';
import { qualifiedText } from './validation-service-ports.ts';

const FOR_BALANCERS = "may only be used when `type` is 'LoadBalancer'";
/** What the field was before it was one; Kubernetes still reads it. */
export const ANNOTATION_SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';

export function validateLoadBalancer(service: JsonObject): FieldError[] {
  const spec = objectAt(service, 'spec') ?? {};
  const isBalanced = spec.type === 'LoadBalancer';
  const errors = validateSourceRanges(service, spec, isBalanced);
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isBalanced) {
    errors.push(forbidden('spec.allocateLoadBalancerNodePorts', FOR_BALANCERS));
  }
  const { loadBalancerClass } = spec;
  if (loadBalancerClass !== undefined) {
    const field = 'spec.loadBalancerClass';
    errors.push(...(isBalanced ? qualifiedText(loadBalancerClass, field) : [forbidden(field, FOR_BALANCERS)]));
  }
  return errors;
}

export function validateLoadBalancerStatus(service: JsonObject): FieldError[] {
  const path = 'status.loadBalancer.ingress';
  const ingress = objectsAt(objectAt(objectAt(service, 'status'), 'loadBalancer'), 'ingress');
  if (ingress.length > 0 && objectAt(service, 'spec')?.type !== 'LoadBalancer') {
    return [forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  return ingress.flatMap(({ ip, ipMode, hostname }, i) => {
    const at = element(path, i);
    const errors: FieldError[] = [];
    if (!isZero(ip)) errors.push(...ipAddress(textOf(ip)).map((text) => invalid(child(at, 'ip'), ip, text)));
    if (ipMode !== undefined && isZero(ip)) {
      errors.push(forbidden(child(at, 'ipMode'), 'may not be specified when `ip` is not set'));
    } else if (ipMode !== undefined) {
      errors.push(...oneOf(ipMode, ['Proxy', 'VIP'], child(at, 'ipMode')));
    }
    if (!isZero(hostname)) errors.push(...validateHostname(textOf(hostname), child(at, 'hostname')));
    if (isZero(ip) && isZero(hostname)) errors.push(required(at, 'must specify `ip` or `hostname`'));
    return errors;
  });
}

function validateHostname(hostname: string, path: string): FieldError[] {
  if (isIP(hostname) !== 0) return [invalid(path, hostname, 'must be a DNS name, not an IP address')];
  return dnsSubdomain(hostname).map((text) => invalid(path, hostname, text));
}

function validateSourceRanges(service: JsonObject, spec: JsonObject, isBalanced: boolean): FieldError[] {
  const ranges: Json[] = Array.isArray(spec.loadBalancerSourceRanges) ? spec.loadBalancerSourceRanges : [];
  const annotation = objectAt(objectAt(service, 'metadata'), 'annotations')?.[ANNOTATION_SOURCE_RANGES];
  if (ranges.length > 0) {
    const field = 'spec.loadBalancerSourceRanges';
    return [
      ...(isBalanced ? [] : [forbidden(field, FOR_BALANCERS)]),
      ...ranges.flatMap((range, i) => validCidr(textOf(range).trim(), element(field, i))),
    ];
  }
  if (annotation === undefined) return [];
  const field = `metadata.annotations[${ANNOTATION_SOURCE_RANGES}]`;
  const listed = textOf(annotation).split(',');
  return [
    ...(isBalanced ? [] : [forbidden(field, FOR_BALANCERS)]),
    ...listed
      .map((text) => text.trim())
      .filter((text) => text !== '')
      .flatMap((text) => validCidr(text, field)),
  ];
}

function validCidr(text: string, path: string): FieldError[] {
  const [address = '', length = '', ...rest] = text.split('/');
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address) as 0 | 4 | 6];
  if (rest.length === 0 && /^\d{1,3}$/.test(length) && Number(length) <= most) return [];
  return [invalid(path, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')];
}
