/**
 * The ClusterRoles that are always there, and to which groups they are bound. Their names and what they mean are Kubernetes' own
 * (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings); they name kinds that a later
 * build may serve. Two are sampan's: what the group `view` may see beside namespaces' contents, and what a node may do to itself is
 * narrowed further in node-authorizer.ts.
 */
import { BOOTSTRAPPERS } from '../../../../reconcilers/objects/bootstrap-token.ts';
import { AUTHENTICATED, MASTERS, NODES, SERVICE_ACCOUNTS, UNAUTHENTICATED } from '../user.ts';
import type { Binding, PolicyRule, RbacPolicy, Role } from './policy.ts';

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'];

const PUBLIC_PATHS = ['/healthz', '/livez', '/readyz', '/version', '/version/'];
const DISCOVERY_PATHS = [...PUBLIC_PATHS, '/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*'];

function rule(verbs: readonly string[], apiGroups: readonly string[], resources: readonly string[]): PolicyRule {
  return { verbs, apiGroups, resources };
}

/** Everything in a namespace that holds no credential and cannot be used to gain one. */
const VIEW: readonly PolicyRule[] = [
  rule(
    READ,
    [''],
    [
      'bindings',
      'configmaps',
      'endpoints',
      'events',
      'limitranges',
      'namespaces',
      'namespaces/status',
      'persistentvolumeclaims',
      'persistentvolumeclaims/status',
      'pods',
      'pods/log',
      'pods/status',
      'replicationcontrollers',
      'replicationcontrollers/scale',
      'replicationcontrollers/status',
      'resourcequotas',
      'resourcequotas/status',
      'serviceaccounts',
      'services',
      'services/status',
    ],
  ),
  rule(
    READ,
    ['apps'],
    [
      'controllerrevisions',
      'daemonsets',
      'daemonsets/status',
      'deployments',
      'deployments/scale',
      'deployments/status',
      'replicasets',
      'replicasets/scale',
      'replicasets/status',
      'statefulsets',
      'statefulsets/scale',
      'statefulsets/status',
    ],
  ),
  rule(READ, ['autoscaling'], ['horizontalpodautoscalers', 'horizontalpodautoscalers/status']),
  rule(READ, ['batch'], ['cronjobs', 'cronjobs/status', 'jobs', 'jobs/status']),
  rule(READ, ['discovery.k8s.io'], ['endpointslices']),
  rule(READ, ['events.k8s.io'], ['events']),
  // As metrics-server grants it.
  rule(READ, ['metrics.k8s.io'], ['nodes', 'pods']),
  rule(READ, ['networking.k8s.io'], ['ingresses', 'ingresses/status', 'networkpolicies']),
  rule(READ, ['policy'], ['poddisruptionbudgets', 'poddisruptionbudgets/status']),
];

const EDIT: readonly PolicyRule[] = [
  ...VIEW,
  rule(READ, [''], ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'secrets', 'services/proxy']),
  rule(['impersonate'], [''], ['serviceaccounts']),
  rule(
    WRITE,
    [''],
    [
      'configmaps',
      'events',
      'persistentvolumeclaims',
      'pods',
      'pods/attach',
      'pods/exec',
      'pods/portforward',
      'pods/proxy',
      'replicationcontrollers',
      'replicationcontrollers/scale',
      'secrets',
      'serviceaccounts',
      'services',
      'services/proxy',
    ],
  ),
  rule(['create'], [''], ['pods/eviction', 'serviceaccounts/token']),
  rule(
    WRITE,
    ['apps'],
    [
      'daemonsets',
      'deployments',
      'deployments/rollback',
      'deployments/scale',
      'replicasets',
      'replicasets/scale',
      'statefulsets',
      'statefulsets/scale',
    ],
  ),
  rule(WRITE, ['autoscaling'], ['horizontalpodautoscalers']),
  rule(WRITE, ['batch'], ['cronjobs', 'jobs']),
  rule(WRITE, ['networking.k8s.io'], ['ingresses', 'networkpolicies']),
  rule(WRITE, ['policy'], ['poddisruptionbudgets']),
  rule([...READ, ...WRITE], ['coordination.k8s.io'], ['leases']),
];

const ADMIN: readonly PolicyRule[] = [
  ...EDIT,
  rule(['create'], ['authorization.k8s.io'], ['localsubjectaccessreviews']),
  rule([...READ, ...WRITE], ['rbac.authorization.k8s.io'], ['roles', 'rolebindings']),
];

/** What a viewer of the whole machine may see beside the contents of namespaces. */
const CLUSTER_VIEW: readonly PolicyRule[] = [
  rule(READ, [''], ['nodes', 'nodes/status', 'persistentvolumes']),
  rule(READ, ['coordination.k8s.io'], ['leases']),
  rule(READ, ['metrics.k8s.io'], ['nodes', 'pods']),
  rule(READ, ['sampan.dev'], ['sources']),
  rule(READ, ['scheduling.k8s.io'], ['priorityclasses']),
  rule(READ, ['storage.k8s.io'], ['storageclasses']),
  { verbs: ['get'], nonResourceURLs: ['/diagnostics', '/metrics'] },
];

/** For what a node must see of all; what is one node's own is node-authorizer.ts's matter. */
const NODE: readonly PolicyRule[] = [
  rule(['create'], ['authentication.k8s.io'], ['tokenreviews']),
  rule(['create'], ['authorization.k8s.io'], ['localsubjectaccessreviews', 'subjectaccessreviews']),
  rule(READ, [''], ['endpoints', 'namespaces', 'nodes', 'services']),
  rule(READ, ['discovery.k8s.io'], ['endpointslices']),
  rule(READ, ['storage.k8s.io'], ['storageclasses']),
  rule(['create', 'patch', 'update'], ['', 'events.k8s.io'], ['events']),
];

/** With a join token a machine may ask for a certificate, once, and for nothing else. */
const NODE_BOOTSTRAPPER: readonly PolicyRule[] = [rule(['create'], ['sampan.dev'], ['nodes/certificate'])];

const clusterRole = (name: string, rules: readonly PolicyRule[]): Role => ({ namespace: '', name, rules });

const toGroups = (role: string, ...groups: string[]): Binding => ({
  namespace: '',
  name: role,
  roleRef: { kind: 'ClusterRole', name: role },
  subjects: groups.map((name) => ({ kind: 'Group', name })),
});

/** Who sees the whole machine and changes nothing. */
const VIEWERS = 'view';

export const BUILT_IN: RbacPolicy = {
  roles: [
    clusterRole('cluster-admin', [rule(['*'], ['*'], ['*']), { verbs: ['*'], nonResourceURLs: ['*'] }]),
    clusterRole('admin', ADMIN),
    clusterRole('edit', EDIT),
    clusterRole('view', VIEW),
    clusterRole('sampan:cluster-view', CLUSTER_VIEW),
    clusterRole('system:node', NODE),
    clusterRole('system:node-bootstrapper', NODE_BOOTSTRAPPER),
    clusterRole('system:discovery', [{ verbs: ['get'], nonResourceURLs: DISCOVERY_PATHS }]),
    clusterRole('system:public-info-viewer', [{ verbs: ['get'], nonResourceURLs: PUBLIC_PATHS }]),
    clusterRole('system:basic-user', [
      rule(['create'], ['authorization.k8s.io'], ['selfsubjectaccessreviews', 'selfsubjectrulesreviews']),
      rule(['create'], ['authentication.k8s.io'], ['selfsubjectreviews']),
    ]),
    clusterRole('system:auth-delegator', [
      rule(['create'], ['authentication.k8s.io'], ['tokenreviews']),
      rule(['create'], ['authorization.k8s.io'], ['subjectaccessreviews']),
    ]),
    clusterRole('system:service-account-issuer-discovery', [
      { verbs: ['get'], nonResourceURLs: ['/.well-known/openid-configuration', '/openid/v1/jwks'] },
    ]),
  ],
  bindings: [
    toGroups('cluster-admin', MASTERS),
    toGroups('view', VIEWERS),
    toGroups('sampan:cluster-view', VIEWERS),
    toGroups('system:node', NODES),
    toGroups('system:node-bootstrapper', BOOTSTRAPPERS),
    toGroups('system:discovery', AUTHENTICATED),
    toGroups('system:public-info-viewer', AUTHENTICATED, UNAUTHENTICATED),
    toGroups('system:basic-user', AUTHENTICATED),
    toGroups('system:service-account-issuer-discovery', SERVICE_ACCOUNTS),
  ],
};
