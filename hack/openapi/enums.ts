/**
 * The values of those fields that take one of a few, which the clients' types leave out: `Type.field`, from the types marked +enum in
 * k8s.io/api. In alphabetical order, as Kubernetes prints them.
 */
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const CLUSTER_OR_LOCAL = ['Cluster', 'Local'];
const TAINT_EFFECTS = ['NoExecute', 'NoSchedule', 'PreferNoSchedule'];
const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];
const MESSAGE_POLICIES = ['FallbackToLogsOnError', 'File'];
const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const INCLUSION_POLICIES = ['Honor', 'Ignore'];

export const ENUMS: Readonly<Record<string, readonly string[]>> = {
  'AppArmorProfile.type': PROFILE_TYPES,
  'AzureDiskVolumeSource.cachingMode': ['None', 'ReadOnly', 'ReadWrite'],
  'AzureDiskVolumeSource.kind': ['Dedicated', 'Managed', 'Shared'],
  'Container.imagePullPolicy': PULL_POLICIES,
  'Container.terminationMessagePolicy': MESSAGE_POLICIES,
  'ContainerPort.protocol': PROTOCOLS,
  'EndpointPort.protocol': PROTOCOLS,
  'EndpointSlice.addressType': ['FQDN', 'IPv4', 'IPv6'],
  'EphemeralContainer.imagePullPolicy': PULL_POLICIES,
  'EphemeralContainer.terminationMessagePolicy': MESSAGE_POLICIES,
  'HTTPGetAction.scheme': ['HTTP', 'HTTPS'],
  'HostPathVolumeSource.type': [
    '',
    'BlockDevice',
    'CharDevice',
    'Directory',
    'DirectoryOrCreate',
    'File',
    'FileOrCreate',
    'Socket',
  ],
  'NamespaceStatus.phase': ['Active', 'Terminating'],
  'NodeSelectorRequirement.operator': ['DoesNotExist', 'Exists', 'Gt', 'In', 'Lt', 'NotIn'],
  'NodeStatus.phase': ['Pending', 'Running', 'Terminated'],
  'PersistentVolumeClaimSpec.volumeMode': ['Block', 'Filesystem'],
  'PersistentVolumeClaimStatus.phase': ['Bound', 'Lost', 'Pending'],
  'PersistentVolumeSpec.persistentVolumeReclaimPolicy': ['Delete', 'Recycle', 'Retain'],
  'PersistentVolumeSpec.volumeMode': ['Block', 'Filesystem'],
  'PersistentVolumeStatus.phase': ['Available', 'Bound', 'Failed', 'Pending', 'Released'],
  'PodDisruptionBudgetSpec.unhealthyPodEvictionPolicy': ['AlwaysAllow', 'IfHealthyBudget'],
  'PodSecurityContext.fsGroupChangePolicy': ['Always', 'OnRootMismatch'],
  'PodSecurityContext.supplementalGroupsPolicy': ['Merge', 'Strict'],
  'PodSpec.dnsPolicy': ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'],
  'PodSpec.preemptionPolicy': ['Never', 'PreemptLowerPriority'],
  'PodSpec.restartPolicy': ['Always', 'Never', 'OnFailure'],
  'PodStatus.phase': ['Failed', 'Pending', 'Running', 'Succeeded', 'Unknown'],
  'PodStatus.qosClass': ['BestEffort', 'Burstable', 'Guaranteed'],
  'PortStatus.protocol': PROTOCOLS,
  'ScopedResourceSelectorRequirement.operator': ['DoesNotExist', 'Exists', 'In', 'NotIn'],
  'SeccompProfile.type': PROFILE_TYPES,
  'SecurityContext.procMount': ['Default', 'Unmasked'],
  'ServicePort.protocol': PROTOCOLS,
  'ServiceSpec.externalTrafficPolicy': CLUSTER_OR_LOCAL,
  'ServiceSpec.internalTrafficPolicy': CLUSTER_OR_LOCAL,
  'ServiceSpec.ipFamilyPolicy': ['PreferDualStack', 'RequireDualStack', 'SingleStack'],
  'ServiceSpec.sessionAffinity': ['ClientIP', 'None'],
  'ServiceSpec.type': ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'],
  'StorageClass.reclaimPolicy': ['Delete', 'Recycle', 'Retain'],
  'StorageClass.volumeBindingMode': ['Immediate', 'WaitForFirstConsumer'],
  'Taint.effect': TAINT_EFFECTS,
  'Toleration.effect': TAINT_EFFECTS,
  'Toleration.operator': ['Equal', 'Exists'],
  'TopologySpreadConstraint.nodeAffinityPolicy': INCLUSION_POLICIES,
  'TopologySpreadConstraint.nodeTaintsPolicy': INCLUSION_POLICIES,
  'TopologySpreadConstraint.whenUnsatisfiable': ['DoNotSchedule', 'ScheduleAnyway'],
  'VolumeMount.mountPropagation': ['Bidirectional', 'HostToContainer', 'None'],
};
