/** Whether one rule covers one action. Pure; the rules of matching are RBAC's (k8s.io/kubernetes, apis/rbac/v1/evaluation_helpers). */
import type { Action } from '../authorizer.ts';
import type { PolicyRule } from './policy.ts';

const ALL = '*';

export function covers(rule: PolicyRule, action: Action): boolean {
  if (!has(rule.verbs, action.verb)) return false;
  if (action.type === 'path') return (rule.nonResourceURLs ?? []).some((url) => coversPath(url, action.path));
  const { resourceNames = [] } = rule;
  return (
    has(rule.apiGroups, action.group) &&
    coversResource(rule.resources ?? [], action.resource, action.subresource) &&
    (resourceNames.length === 0 || resourceNames.includes(action.name))
  );
}

function has(listed: readonly string[] | undefined, value: string): boolean {
  return listed !== undefined && (listed.includes(ALL) || listed.includes(value));
}

/** `pods` is not `pods/exec`; a star before the slash stands for any resource with that subresource, alone for everything. */
function coversResource(listed: readonly string[], resource: string, subresource: string): boolean {
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  return listed.some((item) => item === ALL || item === full || (subresource !== '' && item === `*/${subresource}`));
}

function coversPath(pattern: string, path: string): boolean {
  return pattern === path || (pattern.endsWith(ALL) && path.startsWith(pattern.slice(0, -1)));
}
