/** The names that keys of ConfigMaps and Secrets may have. Source: k8s.io/apimachinery/pkg/util/validation (IsConfigMapKey). Pure. */
const KEY = /^[-._a-zA-Z0-9]+$/;
const KEY_TEXT =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

export function configKeyProblems(key: string): string[] {
  const problems: string[] = [];
  if (key.length > 253) problems.push('must be no more than 253 characters');
  if (!KEY.test(key)) problems.push(KEY_TEXT);
  if (key === '.') problems.push(`must not be '.'`);
  if (key === '..') problems.push(`must not be '..'`);
  else if (key.startsWith('..')) problems.push(`must not start with '..'`);
  return problems;
}
