/**
 * What this build honours of each Kubernetes type. A field that Kubernetes knows and is not listed here is refused by name, so
 * that nothing is parsed and then ignored; supporting one more field starts with a word in this table. Types that are not
 * listed (statuses, events, leases) are taken whole.
 */
import { equalJson, isJsonObject, type Json } from './json.ts';

export interface Support {
  /** Taken over into the object. */
  readonly honoured: readonly string[];
  /** Values that ask for what happens anyway: accepted and left out. */
  readonly sameAsAbsent?: Readonly<Record<string, readonly Json[]>>;
  /** `emptyDir: {}` does ask for something. */
  readonly emptyAsks?: boolean;
  /** Bookkeeping of other API servers, without meaning here whatever it says: left out. */
  readonly leftOut?: readonly string[];
}

const CONTAINER_DEFAULTS: Readonly<Record<string, readonly Json[]>> = {
  terminationMessagePath: ['/dev/termination-log'],
  terminationMessagePolicy: ['File'],
};

export const SUPPORTED_FIELDS: Readonly<Record<string, Support>> = {
  ObjectMeta: {
    honoured: words(
      'name generateName namespace uid resourceVersion generation creationTimestamp deletionTimestamp',
      'deletionGracePeriodSeconds labels annotations ownerReferences finalizers managedFields',
    ),
    leftOut: words('selfLink'),
  },
  PodTemplateMeta: {
    honoured: words('labels annotations'),
    // Kubernetes has them in the type and reads none of them.
    leftOut: words(
      'name generateName namespace uid resourceVersion generation creationTimestamp managedFields selfLink',
    ),
  },
  PodSpec: {
    honoured: words(
      'containers restartPolicy terminationGracePeriodSeconds dnsPolicy schedulerName enableServiceLinks',
      'nodeName nodeSelector hostname hostNetwork serviceAccountName serviceAccount automountServiceAccountToken volumes',
      'tolerations ephemeralContainers shareProcessNamespace initContainers activeDeadlineSeconds imagePullSecrets hostPID',
      'hostIPC subdomain setHostnameAsFQDN hostAliases dnsConfig securityContext readinessGates affinity',
      'topologySpreadConstraints',
    ),
    sameAsAbsent: {
      hostUsers: [true],
      os: [{ name: 'linux' }],
      preemptionPolicy: ['PreemptLowerPriority'],
      priority: [0],
    },
  },
  Container: {
    honoured: words(
      'name image command args workingDir ports env envFrom resources imagePullPolicy tty stdin stdinOnce volumeMounts',
      'securityContext restartPolicy terminationMessagePath terminationMessagePolicy',
      'startupProbe livenessProbe readinessProbe lifecycle',
    ),
    sameAsAbsent: CONTAINER_DEFAULTS,
  },
  EphemeralContainer: {
    honoured: words(
      'name image command args workingDir env envFrom imagePullPolicy tty stdin stdinOnce volumeMounts securityContext',
      'targetContainerName terminationMessagePath terminationMessagePolicy',
      // Refused, in Kubernetes' words, by validation.
      'ports resources livenessProbe readinessProbe startupProbe lifecycle resizePolicy restartPolicy',
    ),
    sameAsAbsent: CONTAINER_DEFAULTS,
  },
  // tcpSocket is refused by validation, with the reason.
  LifecycleHandler: { honoured: words('exec httpGet sleep tcpSocket') },
  Lifecycle: { honoured: words('postStart preStop') },
  PodSecurityContext: {
    honoured: words(
      'runAsUser runAsGroup runAsNonRoot supplementalGroups fsGroup fsGroupChangePolicy sysctls seccompProfile',
      'appArmorProfile',
    ),
    sameAsAbsent: { supplementalGroupsPolicy: ['Merge'] },
  },
  SecurityContext: {
    honoured: words(
      'capabilities privileged allowPrivilegeEscalation readOnlyRootFilesystem procMount runAsUser runAsGroup',
      'runAsNonRoot seccompProfile appArmorProfile',
    ),
  },
  ContainerPort: { honoured: words('name containerPort hostPort hostIP protocol') },
  EnvVar: { honoured: words('name value valueFrom') },
  EnvVarSource: { honoured: words('fieldRef resourceFieldRef configMapKeyRef secretKeyRef') },
  ResourceRequirements: { honoured: words('limits requests') },
  Volume: {
    honoured: words('name projected configMap secret downwardAPI emptyDir hostPath persistentVolumeClaim ephemeral'),
    emptyAsks: true,
  },
  PersistentVolumeClaimSpec: {
    honoured: words('accessModes resources selector storageClassName volumeMode volumeName'),
    sameAsAbsent: { volumeAttributesClassName: [''] },
  },
  PersistentVolumeSpec: {
    honoured: words(
      'accessModes capacity claimRef hostPath local nodeAffinity persistentVolumeReclaimPolicy storageClassName',
      'volumeMode',
    ),
    sameAsAbsent: { volumeAttributesClassName: [''] },
  },
  LocalVolumeSource: { honoured: words('path') },
  VolumeProjection: { honoured: words('serviceAccountToken configMap secret downwardAPI'), emptyAsks: true },
  VolumeMount: {
    honoured: words('name mountPath readOnly subPath subPathExpr mountPropagation'),
    sameAsAbsent: { subPath: [''], subPathExpr: [''], mountPropagation: ['None'], recursiveReadOnly: ['Disabled'] },
  },
  // Kubernetes takes none of these through the API.
  Endpoint: {
    honoured: words('addresses conditions hostname hints nodeName targetRef zone'),
    leftOut: words('deprecatedTopology'),
  },
  LeaseSpec: {
    honoured: words('acquireTime holderIdentity leaseDurationSeconds leaseTransitions renewTime'),
    leftOut: words('preferredHolder strategy'),
  },
  NodeSpec: { honoured: words('podCIDR podCIDRs unschedulable taints') },
};

/** Whether the field is taken over, may be left out, or asks for something this build does not do. */
export function supportOf(type: string, field: string, value: Json): 'honoured' | 'left-out' | 'unsupported' {
  const support = Object.hasOwn(SUPPORTED_FIELDS, type) ? SUPPORTED_FIELDS[type] : undefined;
  const isSameAsAbsent = support?.sameAsAbsent?.[field]?.some((known) => equalJson(known, value)) === true;
  if (isSameAsAbsent) return 'left-out';
  if (support === undefined || support.honoured.includes(field)) return 'honoured';
  const isEmpty = support.emptyAsks !== true && asksForNothing(value);
  return support.leftOut?.includes(field) === true || isEmpty ? 'left-out' : 'unsupported';
}

/** `tolerations: []`, `securityContext: {}`. */
function asksForNothing(value: Json): boolean {
  return Array.isArray(value) ? value.length === 0 : isJsonObject(value) && Object.keys(value).length === 0;
}

function words(...lines: string[]): readonly string[] {
  return lines.flatMap((line) => line.split(' '));
}
