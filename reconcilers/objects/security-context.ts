/**
 * What the processes of a pod may do and whom they run as. The pod says it for all its containers, each container for itself, which
 * wins. How the runtime is told is the kubelet's matter; the rules are in validation-security.ts. Pure.
 * https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
 */
import type { Container, PodSpec } from './pod.ts';

export interface PodSecurityContext extends SharedSecurity {
  /** Of all its processes, beside those that the image gives their user. */
  supplementalGroups?: number[];
  /** Owns the pod's volumes, and is one of its processes' groups. */
  fsGroup?: number;
  /** Absent: Always. */
  fsGroupChangePolicy?: 'OnRootMismatch' | 'Always';
  /** Kernel parameters of the pod's own namespaces. */
  sysctls?: Sysctl[];
}

export interface SecurityContext extends SharedSecurity {
  capabilities?: Capabilities;
  privileged?: boolean;
  /** `false`: no program gains more than who started it has, not even through a setuid bit. */
  allowPrivilegeEscalation?: boolean;
  readOnlyRootFilesystem?: boolean;
  /** Unmasked: all of /proc, also what containers do not see otherwise. */
  procMount?: 'Default' | 'Unmasked';
}

/** What the pod says where the container does not. */
export interface SharedSecurity {
  /** Absent: as the image says. */
  runAsUser?: number;
  runAsGroup?: number;
  runAsNonRoot?: boolean;
  seccompProfile?: SecurityProfile;
  appArmorProfile?: SecurityProfile;
}

/** Of the kernel: `NET_ADMIN`. Beside, or less than, what the runtime gives by itself. */
export interface Capabilities {
  add?: string[];
  drop?: string[];
}

export interface SecurityProfile {
  type: 'RuntimeDefault' | 'Unconfined' | 'Localhost';
  /** With Localhost: a file below the node's folder of profiles (seccomp), or a loaded profile's name (AppArmor). */
  localhostProfile?: string;
}

export interface Sysctl {
  /** `net.ipv4.tcp_syncookies` or `net/ipv4/tcp_syncookies`. */
  name: string;
  value: string;
}

const SHARED = ['runAsUser', 'runAsGroup', 'runAsNonRoot', 'seccompProfile', 'appArmorProfile'] as const;

/** What holds for the container: the container's word over its pod's. */
export function effectiveSecurity(spec: PodSpec, { securityContext = {} }: Container): SecurityContext {
  const { securityContext: ofPod = {} } = spec;
  const inherited = SHARED.filter((field) => ofPod[field] !== undefined).map((field) => [field, ofPod[field]]);
  return { ...(Object.fromEntries(inherited) as SharedSecurity), ...securityContext };
}
