/**
 * Validation of a Service's cluster addresses and their families. This cluster has IPv4 alone and says so. Called by
 * validation-service.ts. Source: ValidateServiceClusterIPsRelatedFields, and pkg/registry/core/service/storage/alloc.go for families.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { duplicate, type FieldError, invalid, required } from './field-error.ts';
import { element } from './field-path.ts';
import { equalJson, type Json, type JsonObject, textOf } from './json.ts';
import type { ServiceSpec } from './service.ts';
import { isHeadlessWithoutSelector } from './service-defaults.ts';
import { oneOf } from './validation-pod.ts';

export const NO_IPV6 = 'IPv6 is not configured on this cluster';

/** Where people write the first address, whatever Kubernetes' messages call it. */
const WRITTEN = 'spec.clusterIP';
const FAMILIES = ['IPv4', 'IPv6'];
const FAMILY_POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

export function validateClusterIPs(spec: JsonObject): FieldError[] {
  if (spec.type === 'ExternalName') return [];
  const list: Json[] = Array.isArray(spec.clusterIPs) ? spec.clusterIPs : [];
  return [...validateAgreement(spec, list), ...validateFamilies(spec), ...validateList(spec, list)];
}

export function validateClusterIPsUpdate(after: JsonObject, before: JsonObject): FieldError[] {
  if (after.type === 'ExternalName' || before.type === 'ExternalName') return [];
  const { clusterIP = '' } = before;
  if (clusterIP !== '' && after.clusterIP !== clusterIP) {
    return [invalid(element('spec.clusterIPs', 0), after.clusterIPs ?? [], 'may not change once set')];
  }
  if (clusterIP === 'None' || before.ipFamilies === undefined || equalJson(after.ipFamilies, before.ipFamilies))
    return [];
  return [invalid(element('spec.ipFamilies', 0), after.ipFamilies ?? [], 'may not change once set')];
}

function validateAgreement({ clusterIP = '' }: JsonObject, list: Json[]): FieldError[] {
  if (clusterIP === '') {
    return list.length === 0
      ? []
      : [invalid('spec.clusterIPs', list, 'must be empty when `clusterIP` is not specified')];
  }
  if (list.length === 0) return [required('spec.clusterIPs')];
  return list[0] === clusterIP ? [] : [invalid('spec.clusterIPs', list, 'first value must match `clusterIP`')];
}

function validateFamilies(spec: JsonObject): FieldError[] {
  const policyField = 'spec.ipFamilyPolicy';
  const { ipFamilyPolicy: policy } = spec;
  const families: Json[] = Array.isArray(spec.ipFamilies) ? spec.ipFamilies : [];
  const errors = families.flatMap((family, i) => {
    const at = element('spec.ipFamilies', i);
    return [...oneOf(family, FAMILIES, at), ...(families.indexOf(family) < i ? [duplicate(at, family)] : [])];
  });
  if (policy !== undefined) errors.push(...oneOf(policy, FAMILY_POLICIES, policyField));
  if (policy === 'SingleStack' && families.length > 1) {
    const rule = "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified";
    errors.push(invalid(policyField, policy, rule));
  }
  if (errors.length > 0 || isHeadlessWithoutSelector(spec as unknown as ServiceSpec)) return errors;
  if (policy === 'RequireDualStack') {
    errors.push(invalid(policyField, policy, 'this cluster is not configured for dual-stack services'));
  }
  const foreign = families.indexOf('IPv6');
  if (foreign >= 0) errors.push(invalid(element('spec.ipFamilies', foreign), 'IPv6', 'not configured on this cluster'));
  return errors;
}

function validateList(spec: JsonObject, list: Json[]): FieldError[] {
  const field = 'spec.clusterIPs';
  if (list[0] === 'None') {
    const type = textOf(spec.type);
    const needsOne = type === 'NodePort' || type === 'LoadBalancer';
    if (needsOne) return [invalid(element(field, 0), 'None', `may not be set to 'None' for ${type} services`, WRITTEN)];
    return list.length > 1 ? [invalid(field, list, "'None' must be the first and only value")] : [];
  }
  const errors = list.flatMap((ip, i) => {
    if (isIPv4(textOf(ip))) return [];
    const text = isIPv6(textOf(ip)) ? NO_IPV6 : "must be empty, 'None', or a valid IPv4 address";
    return [invalid(element(field, i), ip, text, i === 0 ? WRITTEN : element(field, i))];
  });
  if (errors.length > 0 || list.length < 2) return errors;
  return [invalid(field, list, 'may specify no more than one IP for each IP family')];
}
