/**
 * Descriptions of fields that neither the client nor kubernetes-types has one of, or only that of the field's type: `Type.field`. In
 * Kubernetes' sense, in our words.
 */
const STATUS =
  'Populated by the system. Read-only. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#spec-and-status';

export const FIELD_DESCRIPTIONS: Readonly<Record<string, string>> = {
  'ContainerRestartRule.exitCodes': 'The exit codes of the container that the rule is for.',
  'ContainerStatus.user': 'The user that the first process of the container was started as.',
  'ContainerUser.linux': 'The user and groups that the first process was started with; set on Linux only.',
  'EnvVarSource.fileKeyRef': 'Takes the value of a key of an environment file in a volume of the pod.',
  'Event.eventTime': 'The time at which the event was first seen.',
  'EventSeries.lastObservedTime': 'The time at which the event was last seen.',
  'HTTPGetAction.port':
    'Name or number of the port of the container to connect to. A number is from 1 to 65535, a name is an IANA_SVC_NAME.',
  'LeaseSpec.acquireTime': 'The time at which the current holder took the lease.',
  'LeaseSpec.renewTime': 'The time at which the current holder last renewed the lease.',
  'ListMeta.shardInfo': 'Set where the list holds only the part of the objects that a shard selector asked for.',
  'Node.status': `Most recently observed status of the node. ${STATUS}`,
  'NodeStatus.features': 'What the container runtime of the node can do.',
  'NodeSystemInfo.swap': 'The swap space of the node.',
  'PersistentVolume.status': `Current phase of the volume and what is known of it. ${STATUS}`,
  'PersistentVolumeClaim.status': `Current phase of the claim and of the volume it is bound to. ${STATUS}`,
  'Pod.status': `Most recently observed status of the pod. It may not be up to date. ${STATUS}`,
  'PodDisruptionBudgetSpec.maxUnavailable':
    'An eviction is allowed if at most this many of the selected pods are unavailable after it: a number, or a percentage. 0 prevents all. Not together with minAvailable.',
  'PodDisruptionBudgetSpec.minAvailable':
    'An eviction is allowed if at least this many of the selected pods are available after it: a number, or a percentage. 100% prevents all. Not together with maxUnavailable.',
  'PodSpec.resources': 'The resources that all containers of the pod have together.',
  'PodSpec.schedulingGroup': 'The group of pods that the pod is scheduled with.',
  'PodStatus.extendedResourceClaimStatus':
    'The claim that stands for the extended resources which dynamic drivers give the pod.',
  'PodStatus.resources': 'The requests and limits of the pod as a whole that are in force.',
  'ReplicationController.status': `Most recently observed status of the replication controller. It may be out of date by some time. ${STATUS}`,
  'ResourceAttributes.fieldSelector': 'The field selector that the access is limited to.',
  'ResourceAttributes.labelSelector': 'The label selector that the access is limited to.',
  'Scale.status': `Current status of the scale. ${STATUS}`,
  'Service.status': `Most recently observed status of the service. ${STATUS}`,
  'ServicePort.targetPort':
    'Number or name of the port to reach on the pods of the service. A number is from 1 to 65535, a name is an IANA_SVC_NAME, looked up among the ports of the containers of the pod. Default: the value of the port field. Ignored for a service whose clusterIP is None. More info: https://kubernetes.io/docs/concepts/services-networking/service/#defining-a-service',
  'TCPSocketAction.port':
    'Number or name of the port of the container to connect to. A number is from 1 to 65535, a name is an IANA_SVC_NAME.',
  'Volume.image': 'An image or artifact of a registry that is mounted from the machine of the kubelet.',
  'VolumeMountStatus.volumeStatus': 'What is known of the mounted volume.',
  'VolumeProjection.podCertificate': 'A key and a certificate for it that the kubelet obtains and renews.',
  'VolumeStatus.image': 'What is known of a volume that is made of an image.',
  'WatchEvent.type': 'ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.',
};
