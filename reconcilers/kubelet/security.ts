/**
 * Whom a container's processes run as and what they may do, in the runtime's terms; and what of it cannot be had. The plan asks for each
 * container that starts. Pure. Sources: pkg/kubelet/kuberuntime/security_context.go, pkg/securitycontext.
 */
import { keyOf } from '../objects/meta.ts';
import type { Container, Pod } from '../objects/pod.ts';
import { effectiveSecurity, type SecurityProfile } from '../objects/security-context.ts';
import type { ContainerSecurity, ContainerSpec } from '../ports/container-runtime.ts';

export interface SecurityFacts {
  /** Whom the image says its containers run as; absent: root. */
  readonly imageUser: string | undefined;
  /** Where seccomp profiles of type Localhost lie. */
  readonly seccompDir: string | undefined;
}

export function containerSecurity(
  pod: Pod,
  container: Container,
  facts: SecurityFacts,
): Pick<ContainerSpec, 'user' | 'groups' | 'capabilities' | 'security'> {
  const asked = effectiveSecurity(pod.spec, container);
  const { fsGroup, supplementalGroups = [] } = pod.spec.securityContext ?? {};
  const groups = [...(fsGroup === undefined ? [] : [fsGroup]), ...supplementalGroups];
  const user = userOf(asked, facts.imageUser);
  const seccomp = seccompOf(asked.seccompProfile, facts.seccompDir);
  const appArmor = appArmorOf(asked.appArmorProfile);
  const security: ContainerSecurity = {
    ...(asked.privileged && { privileged: true }),
    ...(asked.allowPrivilegeEscalation === false && { noNewPrivileges: true }),
    ...(asked.readOnlyRootFilesystem && { readOnlyRoot: true }),
    ...(asked.procMount === 'Unmasked' && { unmaskedProc: true }),
    ...(seccomp !== undefined && { seccomp }),
    ...(appArmor !== undefined && { appArmor }),
  };
  return {
    ...(user !== undefined && { user }),
    ...(groups.length > 0 && { groups }),
    ...(asked.capabilities && { capabilities: asked.capabilities }),
    ...(Object.keys(security).length > 0 && { security }),
  };
}

/** Why a container that must not run as root cannot start, as far as anybody can tell; undefined where it can. */
export function nonRootProblem(pod: Pod, container: Container, imageUser = ''): string | undefined {
  const { runAsNonRoot, runAsUser } = effectiveSecurity(pod.spec, container);
  if (!runAsNonRoot) return undefined;
  const { namespace, name } = keyOf(pod);
  const where = `(pod: "${name}_${namespace}(${pod.metadata.uid})", container: ${container.name})`;
  if (runAsUser !== undefined) {
    return runAsUser === 0 ? `container's runAsUser breaks non-root policy ${where}` : undefined;
  }
  const user = firstPart(imageUser);
  if (user === '' || Number(user) === 0) return `container has runAsNonRoot and image will run as root ${where}`;
  if (/^\d+$/.test(user)) return undefined;
  return `container has runAsNonRoot and image has non-numeric user (${user}), cannot verify user is non-root ${where}`;
}

/** A group without a user goes with the image's user. */
function userOf(asked: { runAsUser?: number; runAsGroup?: number }, imageUser = ''): string | undefined {
  const { runAsUser, runAsGroup } = asked;
  if (runAsGroup === undefined) return runAsUser === undefined ? undefined : String(runAsUser);
  return `${runAsUser ?? (firstPart(imageUser) || 0)}:${runAsGroup}`;
}

/** Of `user:group`. */
function firstPart(user: string): string {
  return user.split(':')[0] ?? '';
}

function seccompOf(profile: SecurityProfile | undefined, dir = ''): ContainerSecurity['seccomp'] {
  if (profile?.type === 'Unconfined') return 'unconfined';
  return profile?.type === 'Localhost' ? { file: `${dir}/${profile.localhostProfile}` } : undefined;
}

function appArmorOf(profile: SecurityProfile | undefined): string | undefined {
  return profile?.type === 'Unconfined' ? 'unconfined' : profile?.localhostProfile;
}
