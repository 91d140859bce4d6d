/**
 * The v1 Pod after defaulting: what the loops work with. Fields that Kubernetes has and this build does not honour are not
 * here, so nothing can read them by accident; validation refuses them by name.
 */
import type { Affinity, TopologySpreadConstraint } from './affinity.ts';
import type { ResourceFieldSelector } from './downward-resources.ts';
import type { Condition, KubeObject, ObjectMeta, Timestamp } from './meta.ts';
import type { DnsPolicy, HostAlias, PodDnsConfig } from './pod-names.ts';
import type { Lifecycle, Probe } from './probe.ts';
import type { PodSecurityContext, SecurityContext } from './security-context.ts';
import type { Toleration } from './taints.ts';
import type { Volume, VolumeMount } from './volumes.ts';

export interface Pod extends KubeObject {
  apiVersion: 'v1';
  kind: 'Pod';
  spec: PodSpec;
  status: PodStatus;
}

/** The pod inside a ReplicationController's `spec.template`. */
export interface PodTemplateSpec {
  metadata: Pick<ObjectMeta, 'labels' | 'annotations'>;
  spec: PodSpec;
}

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

export interface PodSpec {
  containers: Container[];
  /** Run one after another, each to its success, before the others; of those that restart always, see {@link isSidecar}. */
  initContainers?: Container[];
  /** For looking into a pod that runs: only ever added, through a subresource of their own. */
  ephemeralContainers?: EphemeralContainer[];
  restartPolicy: RestartPolicy;
  terminationGracePeriodSeconds: number;
  /** Counted from the pod's `startTime`: then it has failed. */
  activeDeadlineSeconds?: number;
  dnsPolicy: DnsPolicy;
  dnsConfig?: PodDnsConfig;
  schedulerName: string;
  enableServiceLinks: boolean;
  /** Set by the scheduler, or by the author to bypass it. */
  nodeName?: string;
  nodeSelector?: Record<string, string>;
  affinity?: Affinity;
  topologySpreadConstraints?: TopologySpreadConstraint[];
  hostname?: string;
  /** The name of a headless Service: with it the pod has a full name. */
  subdomain?: string;
  setHostnameAsFQDN?: boolean;
  hostAliases?: HostAlias[];
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  /** All containers see each other's processes. */
  shareProcessNamespace?: boolean;
  /** Whom its containers are to the API server. Absent in templates that name none, and in pods of older daemons. */
  serviceAccountName?: string;
  /** Kubernetes' older name of the same field; always equal to it. */
  serviceAccount?: string;
  /** Absent: as the ServiceAccount says. */
  automountServiceAccountToken?: boolean;
  securityContext?: PodSecurityContext;
  volumes?: Volume[];
  /** Secrets with credentials for registries. */
  imagePullSecrets?: { name?: string }[];
  tolerations?: Toleration[];
  /** Conditions that others must set before the pod is ready. */
  readinessGates?: { conditionType: string }[];
}

export interface Container {
  name: string;
  image: string;
  /** Replaces the image's ENTRYPOINT (and drops its CMD). */
  command?: string[];
  /** Replaces the image's CMD. */
  args?: string[];
  workingDir?: string;
  ports?: ContainerPort[];
  env?: EnvVar[];
  /** Before `env`, which hides what has the same name. */
  envFrom?: EnvFromSource[];
  resources?: ResourceRequirements;
  /** Absent where the author declared none: the kubelet's dev-box rule then applies (docs/decisions/0006). */
  imagePullPolicy?: ImagePullPolicy;
  tty?: boolean;
  stdin?: boolean;
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  lifecycle?: Lifecycle;
  /** Its stdin ends with the first who attached to it. */
  stdinOnce?: boolean;
  /** The file of its last words. Absent: {@link TERMINATION_MESSAGE_PATH}. */
  terminationMessagePath?: string;
  /** Absent: File. */
  terminationMessagePolicy?: 'File' | 'FallbackToLogsOnError';
  /** Of init containers only, and then it makes a sidecar of one. */
  restartPolicy?: 'Always';
  securityContext?: SecurityContext;
  volumeMounts?: VolumeMount[];
}

export const TERMINATION_MESSAGE_PATH = '/dev/termination-log';

/** Started once and never restarted; counts neither for the pod's phase nor for its readiness. */
export interface EphemeralContainer extends Container {
  /** Whose processes it sees. */
  targetContainerName?: string;
}

export type ImagePullPolicy = 'Always' | 'IfNotPresent' | 'Never';
export type Protocol = 'TCP' | 'UDP';

export interface ContainerPort {
  name?: string;
  containerPort: number;
  hostPort?: number;
  hostIP?: string;
  protocol: Protocol;
}

export interface EnvVar {
  name: string;
  value?: string;
  /** Where `value` is absent or empty. */
  valueFrom?: EnvVarSource;
}

/** Exactly one member is set. */
export interface EnvVarSource {
  fieldRef?: { apiVersion: string; fieldPath: string };
  resourceFieldRef?: ResourceFieldSelector;
  configMapKeyRef?: KeySelector;
  secretKeyRef?: KeySelector;
}

export interface KeySelector {
  name: string;
  key: string;
  /** The object and its key may be missing. */
  optional?: boolean;
}

/** Every key of an object as a variable; exactly one of the references is set. */
export interface EnvFromSource {
  prefix?: string;
  configMapRef?: ObjectSelector;
  secretRef?: ObjectSelector;
}

export interface ObjectSelector {
  name: string;
  /** It may be missing. */
  optional?: boolean;
}

/** Quantities as written (`500m`, `64Mi`); `reconcilers/objects/quantity.ts` reads them. */
export interface ResourceRequirements {
  limits?: Record<string, string>;
  requests?: Record<string, string>;
}

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';

export interface PodStatus {
  phase: PodPhase;
  reason?: string;
  message?: string;
  hostIP?: string;
  podIP?: string;
  podIPs?: { ip: string }[];
  startTime?: Timestamp;
  qosClass?: 'Guaranteed' | 'Burstable' | 'BestEffort';
  conditions?: Condition[];
  initContainerStatuses?: ContainerStatus[];
  containerStatuses?: ContainerStatus[];
  ephemeralContainerStatuses?: ContainerStatus[];
}

export interface ContainerStatus {
  name: string;
  image: string;
  imageID: string;
  /** `docker://<id>`; absent until the first start. */
  containerID?: string;
  ready: boolean;
  started: boolean;
  restartCount: number;
  state: ContainerState;
  lastState: ContainerState;
}

/** Exactly one member is set; all absent means "nothing known yet". */
export interface ContainerState {
  waiting?: { reason: string; message?: string };
  running?: { startedAt: Timestamp };
  terminated?: {
    exitCode: number;
    signal?: number;
    reason: string;
    message?: string;
    startedAt: Timestamp;
    finishedAt: Timestamp;
    containerID: string;
  };
}

/** Why a pod is not ready that ran well when its node was last heard; the master's word, in the pod's `Ready` condition. */
export const NODE_NOT_READY = 'NodeNotReady';

/** Whether the pod's `Ready` condition is true (Kubernetes' IsPodReady). */
export function isPodReady(pod: Pod): boolean {
  return pod.status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;
}

/** Whether the pod has ended for good: its phase is Succeeded or Failed. */
export function isPodTerminal(pod: Pod): boolean {
  return pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';
}

/** Whether an init container is one that runs beside the pod's containers: its start is waited for, its end is not. */
export function isSidecar({ restartPolicy }: Pick<Container, 'restartPolicy'>): boolean {
  return restartPolicy === 'Always';
}

/** Those that run for as long as the pod does: its containers, after its sidecars. */
export function lastingContainers({ initContainers = [], containers }: PodSpec): Container[] {
  return [...initContainers.filter(isSidecar), ...containers];
}

/** Those that the pod was made with, the init containers first. */
export function declaredContainers({ initContainers = [], containers }: PodSpec): Container[] {
  return [...initContainers, ...containers];
}

/** All of the pod: as declared, and then the ephemeral ones. */
export function allContainers(spec: PodSpec): Container[] {
  return [...declaredContainers(spec), ...(spec.ephemeralContainers ?? [])];
}

/** In the order of {@link allContainers}. */
export function allContainerStatuses({ status }: Pick<Pod, 'status'>): ContainerStatus[] {
  const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = status;
  return [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses];
}
