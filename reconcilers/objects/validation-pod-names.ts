/**
 * Validation of a pod's names and of where it asks for names. Called by validation-pod.ts.
 * Source: pkg/apis/core/validation/validation.go (validatePodDNSConfig, ValidateHostAliases).
 */
import { type FieldError, invalid, required, unsupported } from './field-error.ts';
import { child, element } from './field-path.ts';
import { type Json, type JsonObject, objectAt, objectsAt, textOf } from './json.ts';
import { dnsLabel, dnsSubdomain, ipAddress } from './name-formats.ts';

const DNS_POLICIES = ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'] as const;
/** What the C library takes. */
export const MAX_NAMESERVERS = 3;
export const MAX_SEARCHES = 32;
export const MAX_SEARCH_CHARACTERS = 2048;

export function validatePodNames(spec: JsonObject, path: string): FieldError[] {
  const at = (field: string) => child(path, field);
  const { dnsPolicy } = spec;
  return [
    ...problems(spec.hostname, at('hostname'), dnsLabel),
    ...problems(spec.subdomain, at('subdomain'), dnsLabel),
    ...(dnsPolicy === undefined || DNS_POLICIES.includes(dnsPolicy as 'None')
      ? []
      : [unsupported(at('dnsPolicy'), dnsPolicy, DNS_POLICIES)]),
    ...validateDnsConfig(spec, at('dnsConfig')),
    ...validateHostAliases(spec, at('hostAliases')),
  ];
}

function validateDnsConfig({ dnsPolicy, ...spec }: JsonObject, path: string): FieldError[] {
  const config = objectAt(spec, 'dnsConfig');
  const at = (field: string) => child(path, field);
  const [nameservers, searches] = [textsAt(config, 'nameservers'), textsAt(config, 'searches')];
  if (dnsPolicy === 'None' && config === undefined) {
    return [required(path, 'must provide `dnsConfig` when `dnsPolicy` is None')];
  }
  if (dnsPolicy === 'None' && nameservers.length === 0) {
    return [required(at('nameservers'), 'must provide at least one DNS nameserver when `dnsPolicy` is None')];
  }
  const errors: FieldError[] = [];
  if (nameservers.length > MAX_NAMESERVERS) {
    errors.push(invalid(at('nameservers'), nameservers, `must not have more than ${MAX_NAMESERVERS} nameservers`));
  }
  errors.push(
    ...nameservers.flatMap((server, i) =>
      ipAddress(server).map((text) => invalid(element(at('nameservers'), i), server, text)),
    ),
  );
  if (searches.length > MAX_SEARCHES) {
    errors.push(invalid(at('searches'), searches, `must not have more than ${MAX_SEARCHES} search paths`));
  }
  if (searches.join(' ').length > MAX_SEARCH_CHARACTERS) {
    const detail = `must not have more than ${MAX_SEARCH_CHARACTERS} characters (including spaces) in the search list`;
    errors.push(invalid(at('searches'), searches, detail));
  }
  errors.push(...searches.flatMap((search, i) => problems(search, element(at('searches'), i), searchPath)));
  const options = objectsAt(config, 'options');
  return [
    ...errors,
    ...options.flatMap(({ name }, i) =>
      textOf(name) === '' ? [required(element(at('options'), i), 'must not be empty')] : [],
    ),
  ];
}

/** A domain, with or without a dot at its end; `.` asks for names as they are. Underscores are fine: search lists have them. */
function searchPath(search: string): string[] {
  if (search === '.') return [];
  const plain = search
    .replace(/\.$/, '')
    .replace(/(^|\.)_/g, '$1')
    .replaceAll('_', '-');
  return dnsSubdomain(plain);
}

function validateHostAliases(spec: JsonObject, path: string): FieldError[] {
  return objectsAt(spec, 'hostAliases').flatMap((alias, i) => {
    const at = (field: string) => child(element(path, i), field);
    const ip = textOf(alias.ip);
    return [
      ...ipAddress(ip).map((text) => invalid(at('ip'), ip, text)),
      ...textsAt(alias, 'hostnames').flatMap((name, j) => problems(name, element(at('hostnames'), j), dnsSubdomain)),
    ];
  });
}

function textsAt(object: JsonObject | undefined, field: string): string[] {
  const list = object?.[field];
  return Array.isArray(list) ? list.map(textOf) : [];
}

/** Absent and empty values pass. */
function problems(value: Json | undefined, path: string, format: (text: string) => string[]): FieldError[] {
  if (value === undefined || value === '') return [];
  return format(textOf(value)).map((text) => invalid(path, value, text));
}
