/**
 * What the clients' types do not tell of lists and maps: by which key a strategic merge finds an entry, and which entries server-side
 * apply takes for one owner's. From the markers in k8s.io/api's types (+patchMergeKey, +patchStrategy, +listType, +listMapKey,
 * +structType, +mapType). A list that is not here is atomic.
 */
export interface ListKeys {
  /** Of server-side apply. */
  readonly keys?: readonly string[];
  /** A list of scalars without doubles. */
  readonly set?: true;
  /** Of the strategic merge, where it is not replaced as a whole. */
  readonly patch?: { readonly strategy: 'merge' | 'merge,retainKeys'; readonly key?: string };
}

function merged(key: string, ...keys: readonly string[]): ListKeys {
  return { keys: keys.length > 0 ? keys : [key], patch: { strategy: 'merge', key } };
}

function retained(key: string): ListKeys {
  return { keys: [key], patch: { strategy: 'merge,retainKeys', key } };
}

const CONDITIONS = merged('type');

const CONTAINER_LISTS = {
  env: merged('name'),
  ports: merged('containerPort', 'containerPort', 'protocol'),
  volumeDevices: merged('devicePath'),
  volumeMounts: merged('mountPath'),
};

/** Type → list → keys. */
export const LIST_KEYS: Readonly<Record<string, Readonly<Record<string, ListKeys>>>> = {
  Container: CONTAINER_LISTS,
  ContainerRestartRuleOnExitCodes: { values: { set: true } },
  ContainerStatus: { allocatedResourcesStatus: merged('name'), volumeMounts: merged('mountPath') },
  Endpoint: { addresses: { set: true } },
  EphemeralContainer: CONTAINER_LISTS,
  NamespaceStatus: { conditions: CONDITIONS },
  NodeSpec: { podCIDRs: { set: true, patch: { strategy: 'merge' } } },
  NodeStatus: { addresses: merged('type'), conditions: CONDITIONS },
  ObjectMeta: { finalizers: { set: true, patch: { strategy: 'merge' } }, ownerReferences: merged('uid') },
  PersistentVolumeClaimStatus: { conditions: CONDITIONS },
  PodDisruptionBudgetStatus: { conditions: CONDITIONS },
  PodSpec: {
    containers: merged('name'),
    ephemeralContainers: merged('name'),
    hostAliases: merged('ip'),
    imagePullSecrets: merged('name'),
    initContainers: merged('name'),
    resourceClaims: retained('name'),
    schedulingGates: merged('name'),
    topologySpreadConstraints: merged('topologyKey', 'topologyKey', 'whenUnsatisfiable'),
    volumes: retained('name'),
  },
  PodStatus: {
    conditions: CONDITIONS,
    hostIPs: { patch: { strategy: 'merge', key: 'ip' } },
    podIPs: merged('ip'),
    resourceClaimStatuses: retained('name'),
  },
  ReplicationControllerStatus: { conditions: CONDITIONS },
  ResourceRequirements: { claims: { keys: ['name'] } },
  ResourceStatus: { resources: { keys: ['resourceID'] } },
  ServiceAccount: { secrets: merged('name') },
  ServiceSpec: { ports: merged('port', 'port', 'protocol') },
  ServiceStatus: { conditions: CONDITIONS },
};

/** Objects that have one owner as a whole. */
export const ATOMIC_TYPES: ReadonlySet<string> = new Set([
  'ConfigMapKeySelector',
  'CrossVersionObjectReference',
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
  'ResourceFieldSelector',
  'RoleRef',
  'ScopeSelector',
  'SecretKeySelector',
  'SecretReference',
  'Subject',
  'TypedLocalObjectReference',
]);

/** Objects that a strategic merge replaces as a whole: `Type.field`. */
export const REPLACED_OBJECTS: ReadonlySet<string> = new Set(['PodDisruptionBudgetSpec.selector']);

/** Maps that have one owner as a whole: `Type.field`. */
export const ATOMIC_MAPS: ReadonlySet<string> = new Set([
  'PodSpec.nodeSelector',
  'ReplicationControllerSpec.selector',
  'ServiceSpec.selector',
]);
