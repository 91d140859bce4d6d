/**
 * The formats Kubernetes demands of names, label keys and values, ports and variables, each with the text it refuses them with.
 * Every function answers what is wrong, an empty list where nothing is. Source: k8s.io/apimachinery/pkg/util/validation.
 */
import { isIPv4, isIPv6 } from 'node:net';

const LABEL_1123 = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN_1123 = `${LABEL_1123}(\\.${LABEL_1123})*`;
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED_NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${QUALIFIED_NAME})?`;

const LABEL_1123_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN_1123_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const LABEL_1035_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const QUALIFIED_NAME_TEXT =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const LABEL_VALUE_TEXT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/** Namespaces, containers, named Service ports, hostnames. */
export function dnsLabel(value: string): string[] {
  return [...maxLength(value, 63), ...matches(value, LABEL_1123, LABEL_1123_TEXT, 'my-name', '123-abc')];
}

/** Pods, ReplicationControllers, Endpoints, nodes. */
export function dnsSubdomain(value: string): string[] {
  return [...maxLength(value, 253), ...matches(value, SUBDOMAIN_1123, SUBDOMAIN_1123_TEXT, 'example.com')];
}

/** Services: their names become host names and variables. */
export function dns1035Label(value: string): string[] {
  return [...maxLength(value, 63), ...matches(value, LABEL_1035, LABEL_1035_TEXT, 'my-name', 'abc-123')];
}

/** Keys of labels and annotations: a name, or `prefix/name`. */
export function qualifiedName(value: string): string[] {
  const parts = value.split('/');
  const name = parts.at(-1) ?? '';
  const examples = ['MyName', 'my.name', '123-abc'] as const;
  if (parts.length > 2) {
    const [text] = matches('', QUALIFIED_NAME, `a qualified name ${QUALIFIED_NAME_TEXT}`, ...examples);
    return [`${text} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const problems: string[] = [];
  if (parts.length === 2) {
    const [prefix = ''] = parts;
    if (prefix === '') problems.push('prefix part must be non-empty');
    else problems.push(...dnsSubdomain(prefix).map((text) => `prefix part ${text}`));
  }
  if (name === '') problems.push('name part must be non-empty');
  else problems.push(...maxLength(name, 63).map((text) => `name part ${text}`));
  const form = matches(name, QUALIFIED_NAME, QUALIFIED_NAME_TEXT, ...examples);
  return [...problems, ...form.map((text) => `name part ${text}`)];
}

export function labelValue(value: string): string[] {
  return [...maxLength(value, 63), ...matches(value, LABEL_VALUE, LABEL_VALUE_TEXT, 'MyValue', 'my_value', '12345')];
}

/** Names of container ports, and targetPorts that are names (RFC 6335). */
export function portName(value: string): string[] {
  const problems: string[] = [];
  if (value.length > 15) problems.push('must be no more than 15 characters');
  if (!/^[a-z0-9-]*$/i.test(value) || value !== value.toLowerCase()) {
    problems.push('must contain only alphanumeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(value)) problems.push('must contain at least one letter (a-z)');
  if (value.includes('--')) problems.push('must not contain consecutive hyphens');
  if (/^-|-$/.test(value)) problems.push('must not begin or end with a hyphen');
  return problems;
}

export function httpHeaderName(value: string): string[] {
  const text = "a valid HTTP header must consist of alphanumeric characters or '-'";
  return matches(value, '[-A-Za-z0-9]+', text, 'X-Header-Name');
}

/** Kubernetes' IsRelaxedEnvVarName, the rule since 1.32. */
export function envVarName(value: string): string[] {
  if (/^[ -<>-~]+$/.test(value)) return [];
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

export function portNumber(value: number): string[] {
  return value >= 1 && value <= 65535 ? [] : ['must be between 1 and 65535, inclusive'];
}

export function ipAddress(value: string): string[] {
  return isIPv4(value) || isIPv6(value) ? [] : ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
}

function maxLength(value: string, bytes: number): string[] {
  return Buffer.byteLength(value) > bytes ? [`must be no more than ${bytes} bytes`] : [];
}

/** Kubernetes' RegexError, with its spelling of the examples (two blanks before "or"). */
function matches(value: string, pattern: string, text: string, ...examples: readonly string[]): string[] {
  if (new RegExp(`^(?:${pattern})$`).test(value)) return [];
  const eg = examples.map((example) => `'${example}'`).join(',  or ');
  return [`${text} (e.g. ${eg}, regex used for validation is '${pattern}')`];
}
