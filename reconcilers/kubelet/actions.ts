/** What the kubelet's plan can ask for. Carried out by execute.ts; each is safe to repeat after a crash at any point. */
import type { PodStatus } from '../objects/pod.ts';
import type { ContainerSpec, PodNetwork } from '../ports/container-runtime.ts';
import type { Handler } from './handlers/handler.ts';
import type { PodIdentity } from './identity.ts';
import type { PartMount } from './mounts.ts';
import type { PullUnderWay } from './observation.ts';
import type { PodFileName, PodFilesPlan } from './pod-files/pod-files.ts';
import type { ProbeTask } from './probes/probe-task.ts';
import type { VolumeProblem } from './volumes/volumes-verdict.ts';

export type KubeletAction =
  | PullImage
  | GiveUpPulls
  | RunContainers
  | RunPostStart
  | SetProbes
  | StopContainers
  | RemoveContainers
  | WriteVolumes
  | AnnounceMountFailures
  | RemoveVolumes
  | UpdateStatus
  | FinishDeletion;

/** Begins a pull and does not wait for it: its end brings the pod back to the queue. */
export interface PullImage {
  readonly kind: 'pull-image';
  readonly pod: PodIdentity;
  readonly image: string;
  /** What a failure is answered with: back-off, or the image that is there. */
  readonly onFailure: 'back-off' | 'use-local';
}

/** Leaves pulls that are under way and that nobody waits for any more. */
export interface GiveUpPulls {
  readonly kind: 'give-up-pulls';
  readonly pulls: readonly PullUnderWay[];
}

/** Makes the pause container where `sandbox` holds a spec, and starts the containers in it, all at once. */
export interface RunContainers {
  readonly kind: 'run-containers';
  readonly pod: PodIdentity;
  /** Absent for pods on the host's network. */
  readonly network?: PodNetwork;
  /** What the pod's containers have beside their volumes. */
  readonly files: PodFilesPlan;
  readonly sandbox: { readonly id: string } | { readonly spec: ContainerSpec };
  readonly containers: readonly ContainerStart[];
}

export interface ContainerStart {
  readonly name: string;
  /** Network, processes and shared memory are filled in when the pause container has its id, files when they are written. */
  readonly spec: Omit<ContainerSpec, 'network' | 'pidOf'>;
  /** Where in it is the file for its last words. Absent: Kubernetes' own. */
  readonly terminationMessagePath?: string;
  /**
   * Its variables and its command are not in the plan: `values` come from other objects and may be secret, `address` is that of a pod
   * whose pause container does not run yet.
   */
  readonly late?: 'values' | 'address';
  /** Mounts whose paths are looked for when it is created. */
  readonly parts?: readonly PartMount[];
  /** Whose processes it sees; its own alone where this is absent. */
  readonly processesOf?: 'sandbox' | { readonly id: string };
  /** Those of the pod's files that it has. */
  readonly files: readonly PodFileName[];
  /** The image was there and nothing had to be pulled. */
  readonly imageWasPresent: boolean;
}

/** Begins the hook and does not wait: its end brings the pod back to the queue. */
export interface RunPostStart {
  readonly kind: 'run-post-start';
  readonly pod: PodIdentity;
  readonly container: string;
  /** Of the container. */
  readonly id: string;
  readonly handler: Handler;
}

/** From now on these probes run for the pod, and no others. */
export interface SetProbes {
  readonly kind: 'set-probes';
  readonly pod: PodIdentity;
  readonly tasks: readonly ProbeTask[];
  /** Ids of the pod's containers: what was found of others is forgotten. */
  readonly containers: readonly string[];
}

/** Begins stopping containers, all at once, and does not wait: the end of each brings the pod back to the queue. */
export interface StopContainers {
  readonly kind: 'stop-containers';
  readonly pod: PodIdentity;
  readonly containers: readonly ContainerStop[];
}

export interface ContainerStop {
  readonly id: string;
  readonly graceSeconds: number;
  /** Run before it is told to stop; the time counts against the grace period. */
  readonly preStop?: Handler;
  /** The Killing event's message. */
  readonly message: string;
}

export interface RemoveContainers {
  readonly kind: 'remove-containers';
  readonly ids: readonly string[];
}

/** Puts the content of volumes in place, as the cache has it by then. What fails is remembered, and tried again later. */
export interface WriteVolumes {
  readonly kind: 'write-volumes';
  readonly pod: PodIdentity;
  readonly volumes: readonly string[];
}

/** Tells people why the pod's containers do not start. */
export interface AnnounceMountFailures {
  readonly kind: 'announce-mount-failures';
  readonly pod: PodIdentity;
  readonly failures: readonly VolumeProblem[];
}

/** Nothing of these pods runs any more. */
export interface RemoveVolumes {
  readonly kind: 'remove-volumes';
  readonly podUids: readonly string[];
}

export interface UpdateStatus {
  readonly kind: 'update-status';
  readonly pod: PodIdentity;
  /** Conflict where the pod has changed since it was observed. */
  readonly resourceVersion: string;
  readonly status: PodStatus;
  readonly events: readonly StatusEvent[];
}

export interface StatusEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** Nothing is left of a deleted pod: its object goes. */
export interface FinishDeletion {
  readonly kind: 'finish-deletion';
  readonly pod: PodIdentity;
}
