/**
 * How the lists and maps of Kubernetes' types merge: for strategic merge patches (`patchStrategy`, `patchMergeKey` in the types of
 * k8s.io/api) and for server-side apply (`listType`, `listMapKey`, `mapType`, `structType`). What is not in here is what the
 * types say nothing about: objects and maps merge member by member, lists are replaced whole.
 */

/** How one field merges. */
export interface FieldStrategy {
  /** Strategic merge: `merge` item by item (by `mergeKey`, or as a set of plain values), or `replace` whole. */
  readonly patch?: 'merge' | 'replace';
  readonly mergeKey?: string;
  /** Server-side apply: one value, a set of plain values, or items told apart by these members (sorted). */
  readonly apply?: 'atomic' | 'set' | readonly string[];
  /** What a key member stands for where an item leaves it out. */
  readonly keyDefaults?: Readonly<Record<string, string>>;
}

const SET: FieldStrategy = { apply: 'set' };
const ATOMIC: FieldStrategy = { apply: 'atomic' };
const CONTAINER_PORTS: FieldStrategy = {
  ...byKey('containerPort'),
  apply: ['containerPort', 'protocol'],
  keyDefaults: { protocol: 'TCP' },
};
const CONTAINER: Readonly<Record<string, FieldStrategy>> = {
  env: byKey('name'),
  ports: CONTAINER_PORTS,
  volumeDevices: byKey('devicePath'),
  volumeMounts: byKey('mountPath'),
};
const CONDITIONS: Readonly<Record<string, FieldStrategy>> = { conditions: byKey('type') };

/** Type → field → strategy; types are named as in schema.ts. */
export const FIELD_STRATEGIES: Readonly<Record<string, Readonly<Record<string, FieldStrategy>>>> = {
  // meta/v1
  ObjectMeta: { finalizers: { patch: 'merge', apply: 'set' }, ownerReferences: byKey('uid') },

  // core/v1
  ComponentStatus: CONDITIONS,
  Container: CONTAINER,
  ContainerRestartRuleOnExitCodes: { values: SET },
  ContainerStatus: { allocatedResourcesStatus: byKey('name'), volumeMounts: byKey('mountPath') },
  EphemeralContainer: CONTAINER,
  NamespaceStatus: CONDITIONS,
  NodeSpec: { podCIDRs: { patch: 'merge', apply: 'set' } },
  NodeStatus: { ...CONDITIONS, addresses: byKey('type') },
  PersistentVolumeClaimStatus: CONDITIONS,
  PodSpec: {
    containers: byKey('name'),
    ephemeralContainers: byKey('name'),
    hostAliases: byKey('ip'),
    imagePullSecrets: byKey('name'),
    initContainers: byKey('name'),
    nodeSelector: ATOMIC,
    resourceClaims: byKey('name'),
    schedulingGates: byKey('name'),
    topologySpreadConstraints: { ...byKey('topologyKey'), apply: ['topologyKey', 'whenUnsatisfiable'] },
    volumes: byKey('name'),
  },
  PodStatus: {
    ...CONDITIONS,
    hostIPs: { ...byKey('ip'), apply: 'atomic' },
    podIPs: byKey('ip'),
    resourceClaimStatuses: byKey('name'),
  },
  ReplicationControllerSpec: { selector: ATOMIC },
  ReplicationControllerStatus: CONDITIONS,
  ResourceRequirements: { claims: { apply: ['name'] } },
  ResourceStatus: { resources: { apply: ['resourceID'] } },
  ServiceAccount: { secrets: byKey('name') },
  ServiceSpec: {
    ports: { ...byKey('port'), apply: ['port', 'protocol'], keyDefaults: { protocol: 'TCP' } },
    selector: ATOMIC,
  },
  ServiceStatus: CONDITIONS,

  // apps, autoscaling, batch, discovery, policy, storage
  CSIDriverSpec: { volumeLifecycleModes: SET },
  CSINodeSpec: { drivers: byKey('name') },
  DaemonSetStatus: CONDITIONS,
  DeploymentStatus: CONDITIONS,
  Endpoint: { addresses: SET },
  JobStatus: { conditions: { ...byKey('type'), apply: 'atomic' } },
  PodDisruptionBudgetSpec: { selector: { patch: 'replace' } },
  PodDisruptionBudgetStatus: CONDITIONS,
  PodFailurePolicyOnExitCodesRequirement: { values: SET },
  ReplicaSetStatus: CONDITIONS,
  Scheduling: { nodeSelector: ATOMIC },
  StatefulSetStatus: CONDITIONS,
  UncountedTerminatedPods: { failed: SET, succeeded: SET },
  V2HorizontalPodAutoscalerStatus: CONDITIONS,
};

/** Types that server-side apply takes as one value (`structType=atomic`, `mapType=atomic`). */
export const ATOMIC_TYPES: ReadonlySet<string> = new Set([
  'ConfigMapKeySelector',
  'CrossVersionObjectReference',
  'DiscoveryV1EndpointPort',
  'EndpointAddress',
  'EndpointPort',
  'FileKeySelector',
  'LabelSelector',
  'LocalObjectReference',
  'NodeSelector',
  'NodeSelectorTerm',
  'ObjectFieldSelector',
  'ObjectReference',
  'OwnerReference',
  'RbacV1Subject',
  'ResourceFieldSelector',
  'RoleRef',
  'ScopeSelector',
  'SecretKeySelector',
  'SecretReference',
  'ServiceBackendPort',
  'TopologySelectorTerm',
  'TypedLocalObjectReference',
]);

const NONE: FieldStrategy = {};

/** The strategy of `type`'s field; an empty one where the types say nothing. */
export function strategyOf(type: string, field: string): FieldStrategy {
  // A template's metadata is an ObjectMeta that lacks what only stored objects have.
  const fields = FIELD_STRATEGIES[type === 'PodTemplateMeta' ? 'ObjectMeta' : type];
  return fields !== undefined && Object.hasOwn(fields, field) ? (fields[field] ?? NONE) : NONE;
}

function byKey(mergeKey: string): FieldStrategy {
  return { patch: 'merge', mergeKey, apply: [mergeKey] };
}
