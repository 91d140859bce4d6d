/**
 * Who a container is: the names and labels by which the kubelet finds its containers again, and everything that is needed to
 * adopt, restart or stop one whose pod object nobody remembers. Written at creation, read at each observation; pure.
 */
import type { ObjectKey } from '../objects/meta.ts';
import type { LifecycleHandler } from '../objects/probe.ts';
import type { ContainerRecord } from '../ports/container-runtime.ts';

/** The container name of a pod's pause container, as in Kubernetes. */
export const SANDBOX = 'POD';

export const LABEL_CONTAINER = 'io.kubernetes.container.name';
export const LABEL_POD = 'io.kubernetes.pod.name';
export const LABEL_NAMESPACE = 'io.kubernetes.pod.namespace';
export const LABEL_UID = 'io.kubernetes.pod.uid';
/** Which daemon's containers these are: several may share one Docker engine, each touches its own only. */
export const LABEL_INSTANCE = 'sampan.dev/instance';
/** `v1-...` of the container as declared; see {@link isSameSpec}. */
const LABEL_SPEC_HASH = 'sampan.dev/spec-hash';
/** How many containers of this name the pod had before: Kubernetes' restart count. */
const LABEL_ATTEMPT = 'sampan.dev/attempt';
/** The attempt of the pause container whose network it shares. */
const LABEL_SANDBOX_ATTEMPT = 'sampan.dev/sandbox-attempt';
/** How many crashes in a row led to this container: the back-off's memory. */
const LABEL_CRASHES = 'sampan.dev/crashes';
const LABEL_GRACE_SECONDS = 'sampan.dev/grace-seconds';
/** Of pause containers whose shared memory the pod's containers may join; those of older daemons keep theirs to themselves. */
export const LABEL_SHARES_IPC = 'sampan.dev/shares-ipc';
/** The hook as JSON, its port a number: it is run also where the pod's object is gone. */
const LABEL_PRE_STOP = 'sampan.dev/pre-stop';
/** Of sidecars: the place among the pod's init containers. */
const LABEL_SIDECAR = 'sampan.dev/sidecar';

/** A container of a pod, as the plan sees it. */
export interface PodContainer extends Omit<ContainerRecord, 'name' | 'labels'> {
  readonly podUid: string;
  /** {@link SANDBOX} for the pause container. */
  readonly container: string;
  readonly attempt: number;
  readonly sandboxAttempt: number;
  readonly crashes: number;
  readonly graceSeconds: number;
  readonly specHash: string;
  readonly preStop?: LifecycleHandler;
  /** Of a sidecar, its place among the pod's init containers: the later, the sooner it stops once the others have. */
  readonly sidecar?: number;
}

export interface PodIdentity extends ObjectKey {
  readonly uid: string;
}

export interface ContainerIdentity
  extends Pick<
    PodContainer,
    'container' | 'attempt' | 'sandboxAttempt' | 'crashes' | 'graceSeconds' | 'specHash' | 'preStop' | 'sidecar'
  > {
  readonly pod: PodIdentity;
  readonly instance: string;
  readonly sharesIpc?: boolean;
}

/** `k8s_<container>_<pod>_<namespace>_<uid>_<attempt>`. */
export function containerName({
  pod,
  container,
  attempt,
}: Pick<ContainerIdentity, 'pod' | 'container' | 'attempt'>): string {
  return ['k8s', container, pod.name, pod.namespace, pod.uid, attempt].join('_');
}

export function containerLabels(identity: ContainerIdentity): Record<string, string> {
  return {
    [LABEL_CONTAINER]: identity.container,
    [LABEL_POD]: identity.pod.name,
    [LABEL_NAMESPACE]: identity.pod.namespace,
    [LABEL_UID]: identity.pod.uid,
    [LABEL_INSTANCE]: identity.instance,
    [LABEL_SPEC_HASH]: identity.specHash,
    [LABEL_ATTEMPT]: String(identity.attempt),
    [LABEL_SANDBOX_ATTEMPT]: String(identity.sandboxAttempt),
    [LABEL_CRASHES]: String(identity.crashes),
    [LABEL_GRACE_SECONDS]: String(identity.graceSeconds),
    ...(identity.sharesIpc && { [LABEL_SHARES_IPC]: 'true' }),
    ...(identity.preStop && { [LABEL_PRE_STOP]: JSON.stringify(identity.preStop) }),
    ...(identity.sidecar !== undefined && { [LABEL_SIDECAR]: String(identity.sidecar) }),
  };
}

/** The pod a container belongs to; undefined where its labels do not say. */
export function podKeyOf(labels: Readonly<Record<string, string>>): ObjectKey | undefined {
  const { [LABEL_POD]: name, [LABEL_NAMESPACE]: namespace, [LABEL_UID]: uid } = labels;
  return name === undefined || namespace === undefined || uid === undefined ? undefined : { namespace, name };
}

export function readPodContainer({ name: _name, labels, ...record }: ContainerRecord): PodContainer {
  const preStop = labels[LABEL_PRE_STOP];
  return {
    ...record,
    podUid: labels[LABEL_UID] ?? '',
    container: labels[LABEL_CONTAINER] ?? '',
    attempt: wholeNumber(labels[LABEL_ATTEMPT]),
    sandboxAttempt: wholeNumber(labels[LABEL_SANDBOX_ATTEMPT]),
    crashes: wholeNumber(labels[LABEL_CRASHES]),
    graceSeconds: wholeNumber(labels[LABEL_GRACE_SECONDS], 30),
    specHash: labels[LABEL_SPEC_HASH] ?? '',
    ...(preStop !== undefined && { preStop: JSON.parse(preStop) as LifecycleHandler }),
    ...(labels[LABEL_SIDECAR] !== undefined && { sidecar: wholeNumber(labels[LABEL_SIDECAR]) }),
  };
}

/**
 * Whether a container was made from this spec. Hashes of different versions say nothing about each other: an upgrade that
 * hashes differently must not restart what runs.
 */
export function isSameSpec(hash: string, wanted: string): boolean {
  return hash === wanted || versionOf(hash) !== versionOf(wanted);
}

function versionOf(hash: string): string {
  return hash.slice(0, Math.max(0, hash.indexOf('-')));
}

function wholeNumber(text: string | undefined, fallback = 0): number {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : fallback;
}
