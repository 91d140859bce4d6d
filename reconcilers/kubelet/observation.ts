/** What the kubelet sees of one pod: plain data, read by observe.ts, planned upon by plan.ts. */
import type { ObjectKey } from '../objects/meta.ts';
import type { Service } from '../objects/service.ts';
import type { PodNetwork } from '../ports/container-runtime.ts';
import type { NodeNames } from '../ports/node-names.ts';
import type { PlacedVolume } from '../ports/volume-files.ts';
import type { PodContainer } from './identity.ts';
import type { ClusterDns } from './pod-files/resolv-conf.ts';

export interface PodObservation {
  readonly key: ObjectKey;
  /** Whether the cache has the wanted state; before that nothing is ever removed. */
  readonly synced: boolean;
  /** Whether `containers` can be believed; not while Docker does not answer. */
  readonly runtime: 'current' | 'unreachable';
  /** Since when it answers without a break: an end or a failure before that was the engine's own, and delays nothing. */
  readonly runtimeSince?: number;
  /** This daemon's containers under the pod's name, of whatever uid. */
  readonly containers: readonly PodContainer[];
  /** Container id → when its grace period ends: SIGTERM was sent. Milliseconds since the epoch, as all times here. */
  readonly stopping: Readonly<Record<string, number>>;
  /** By reference, of containers that do not run: the ids of those present. */
  readonly images: Readonly<Record<string, string>>;
  /** By reference, of those images that say it: whom their containers run as. */
  readonly imageUsers?: Readonly<Record<string, string>>;
  /** By reference: this pod's pulls. */
  readonly pulls: Readonly<Record<string, PullFacts>>;
  /** Of this pod and of those that had its name; absent where there are none. */
  readonly pullsUnderWay?: readonly PullUnderWay[];
  /** Which versions of its pull secrets there are; absent where it names none. */
  readonly pullSecrets?: string;
  /** By container name (POD: the pause container): the last creation or start that failed. */
  readonly failures: Readonly<Record<string, CreationFailure>>;
  /** By container id: postStart hooks that this daemon began. */
  readonly hooks?: Readonly<Record<string, HookState>>;
  /** Absent: no probe of the pod runs or has answered. */
  readonly probes?: ProbesObserved;
  /** By container id: what those said that have ended since the pod's status was written. */
  readonly messages?: Readonly<Record<string, string>>;
  /** By container name, of those that do not run: what it is made from and is not there. Absent: nothing is missing. */
  readonly configProblems?: Readonly<Record<string, string>>;
  /** Of a pod being deleted that Services select. */
  readonly drain?: Drain;
  /** How many pods of the same controller this node has turned away for good. */
  readonly turnedAway?: number;
  /** Where a container must start: the Services whose variables it gets. */
  readonly services: readonly Service[];
  /** Absent: the pod mounts none, and of none of its name is anything left. */
  readonly volumes?: VolumesObserved;
  readonly node: NodeFacts;
}

export type HookState = 'running' | 'done' | 'failed';

export interface ProbesObserved {
  /** Keys of the tasks under way. */
  readonly running: readonly string[];
  /** By container id: what the thresholds let through. */
  readonly results: Readonly<Record<string, ProbeResults>>;
}

export type ProbeResults = { readonly [K in 'startup' | 'liveness' | 'readiness']?: 'success' | 'failure' };

export interface VolumesObserved {
  /** Of those that a container mounts, by name. */
  readonly facts: Readonly<Record<string, VolumeFacts>>;
  /** Uids of pods of this name, of which the node still has volumes. */
  readonly held: readonly string[];
}

export interface VolumeFacts {
  /** The fingerprint of what it is to hold; absent where there is a problem. */
  readonly wanted?: string;
  /** Why its content cannot be had. */
  readonly problem?: string;
  readonly inPlace?: PlacedVolume;
  /** The last write, where it failed. */
  readonly failure?: { readonly at: number; readonly count: number; readonly message: string };
  /** Of a folder on the disk that may not take more than `limit`. */
  readonly usage?: { readonly bytes: number; readonly limit: string; readonly at: number };
  /** What people were told last. */
  readonly announced?: string;
}

export interface PullFacts {
  readonly pulling: boolean;
  readonly pulledAt?: number;
  readonly failure?: PullFailure;
}

export interface PullFailure {
  readonly at: number;
  /** In a row. */
  readonly count: number;
  readonly message: string;
  /** As {@link PodObservation.pullSecrets} was then. */
  readonly secrets?: string;
}

export interface PullUnderWay {
  readonly podUid: string;
  readonly image: string;
}

export interface CreationFailure {
  readonly reason: 'CreateContainerConfigError' | 'CreateContainerError' | 'RunContainerError';
  readonly message: string;
  readonly at: number;
  /** In a row. */
  readonly count: number;
  readonly attempt: number;
}

export interface Drain {
  /** EndpointSlices still offer it, or this node's proxy still sends it requests by choice. */
  readonly routed: boolean;
  /** Since when it is as `routed` says. */
  readonly since: number;
}

export interface NodeFacts {
  readonly registered: boolean;
  /** The master does not hear it, and has marked its pods not ready. */
  readonly isUnknown: boolean;
  readonly ip: string;
  readonly instance: string;
  readonly pauseImage: string;
  /** Absent until the node has a podCIDR. */
  readonly network?: PodNetwork;
  readonly memoryBytes: number;
  readonly leastOomScoreAdj: number;
  readonly dns?: ClusterDns;
  /** How the node resolves names itself; where a container must start. */
  readonly names?: NodeNames;
  /** Where seccomp profiles of type Localhost lie. */
  readonly seccompDir?: string;
  readonly hasAppArmor?: boolean;
  /** Kernel parameters that pods may set beside the safe ones: names, or beginnings of names with a `*` behind. */
  readonly allowedUnsafeSysctls?: readonly string[];
}
