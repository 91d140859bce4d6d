/**
 * Decides by RBAC: what some binding's role covers is allowed, everything else is not. Rules only ever add. A RoleBinding counts in
 * its namespace, a ClusterRoleBinding everywhere.
 */
import type { Action, Authorizer, Decision, NonResourceRule, ResourceRule, UserRules } from '../authorizer.ts';
import { parseServiceAccountName, type UserInfo } from '../user.ts';
import type { Binding, PolicyRule, RbacPolicy, Role, Subject } from './policy.ts';
import { covers } from './rule-match.ts';

/** A binding that holds for a user, through one of its subjects. */
interface Grant {
  readonly binding: Binding;
  readonly subject: Subject;
  readonly rules: readonly PolicyRule[];
}

export class RbacAuthorizer implements Authorizer {
  readonly #policy: () => RbacPolicy;

  /** `policy` is asked on every decision, so that it may change. */
  constructor(policy: () => RbacPolicy) {
    this.#policy = policy;
  }

  async authorize(user: UserInfo, action: Action): Promise<Decision> {
    const namespace = action.type === 'resource' ? action.namespace : '';
    for (const grant of this.#grants(user, namespace)) {
      if (grant.rules.some((rule) => covers(rule, action))) return { allowed: true, reason: because(grant) };
    }
    return { allowed: false, reason: '' };
  }

  async rules(user: UserInfo, namespace: string): Promise<UserRules> {
    const resourceRules: ResourceRule[] = [];
    const nonResourceRules: NonResourceRule[] = [];
    for (const { rules, binding } of this.#grants(user, namespace)) {
      for (const rule of rules) {
        const { verbs, apiGroups = [], resources = [], resourceNames, nonResourceURLs = [] } = rule;
        if (resources.length > 0) {
          resourceRules.push({ verbs, apiGroups, resources, ...(resourceNames && { resourceNames }) });
        }
        // A path is of no namespace, so only what holds everywhere reaches it.
        if (nonResourceURLs.length > 0 && binding.namespace === '') nonResourceRules.push({ verbs, nonResourceURLs });
      }
    }
    return { resourceRules, nonResourceRules, incomplete: false };
  }

  *#grants(user: UserInfo, namespace: string): Iterable<Grant> {
    const { roles, bindings } = this.#policy();
    for (const binding of bindings) {
      if (binding.namespace !== '' && binding.namespace !== namespace) continue;
      const subject = binding.subjects.find((candidate) => isSubject(user, candidate));
      const role = subject && roles.find((candidate) => isReferred(binding, candidate));
      if (role !== undefined && subject !== undefined) yield { binding, subject, rules: role.rules };
    }
  }
}

function isReferred({ namespace, roleRef }: Binding, role: Role): boolean {
  return role.name === roleRef.name && role.namespace === (roleRef.kind === 'Role' ? namespace : '');
}

function isSubject(user: UserInfo, subject: Subject): boolean {
  switch (subject.kind) {
    case 'User':
      return user.name === subject.name;
    case 'Group':
      return user.groups.includes(subject.name);
    case 'ServiceAccount': {
      const account = parseServiceAccountName(user.name);
      return account?.namespace === subject.namespace && account.name === subject.name;
    }
  }
}

/** In Kubernetes' words, as `kubectl auth can-i` shows them. */
function because({ binding, subject }: Grant): string {
  const kind = binding.namespace === '' ? 'ClusterRoleBinding' : 'RoleBinding';
  const name = binding.namespace === '' ? binding.name : `${binding.name}/${binding.namespace}`;
  const { roleRef } = binding;
  const whom = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace}` : subject.name;
  return `RBAC: allowed by ${kind} "${name}" of ${roleRef.kind} "${roleRef.name}" to ${subject.kind} "${whom}"`;
}
