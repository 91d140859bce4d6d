/**
 * RBAC objects as Kubernetes has them, as far as deciding needs: roles with rules, and bindings to subjects. The built-in ones and
 * those of `--authorization-rbac-file` are both this. https://kubernetes.io/docs/reference/access-authn-authz/rbac/
 */

export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

/** A Role in `namespace`, or a ClusterRole where that is ''. */
export interface Role {
  readonly namespace: string;
  readonly name: string;
  readonly rules: readonly PolicyRule[];
}

export type Subject =
  | { readonly kind: 'User' | 'Group'; readonly name: string }
  | { readonly kind: 'ServiceAccount'; readonly namespace: string; readonly name: string };

/** A RoleBinding in `namespace`, or a ClusterRoleBinding, which holds everywhere, where that is ''. */
export interface Binding {
  readonly namespace: string;
  readonly name: string;
  readonly roleRef: { readonly kind: 'Role' | 'ClusterRole'; readonly name: string };
  readonly subjects: readonly Subject[];
}

export interface RbacPolicy {
  readonly roles: readonly Role[];
  readonly bindings: readonly Binding[];
}
