/**
 * Whether this node takes a pod in at all, asked once, before anything of it is made: a pod that asks for what the node does not give is
 * rejected for good. Pure; the plan asks. Sources: pkg/kubelet/sysctl/allowlist.go, pkg/security/apparmor/validate.go
 */
import { allContainers, type Pod } from '../objects/pod.ts';
import { effectiveSecurity } from '../objects/security-context.ts';
import { dottedSysctl, isSafeSysctl, sysctlNamespace } from '../objects/sysctls.ts';
import type { NodeFacts } from './observation.ts';

export interface Rejection {
  readonly reason: 'SysctlForbidden' | 'AppArmor';
  readonly message: string;
}

export function podRejection(pod: Pod, node: NodeFacts): Rejection | undefined {
  for (const { name } of pod.spec.securityContext?.sysctls ?? []) {
    if (!isAllowedSysctl(name, node.allowedUnsafeSysctls ?? [])) {
      return { reason: 'SysctlForbidden', message: `forbidden sysctl: ${JSON.stringify(name)} not allowlisted` };
    }
  }
  const confines = allContainers(pod.spec).some((container) => {
    const { appArmorProfile } = effectiveSecurity(pod.spec, container);
    return appArmorProfile !== undefined && appArmorProfile.type !== 'Unconfined';
  });
  if (confines && !node.hasAppArmor) {
    return { reason: 'AppArmor', message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host' };
  }
  return undefined;
}

/** Also those on the node's list must belong to a namespace of the pod's own. */
function isAllowedSysctl(name: string, allowed: readonly string[]): boolean {
  if (isSafeSysctl(name)) return true;
  const dotted = dottedSysctl(name);
  const isListed = allowed.some((pattern) =>
    pattern.endsWith('*') ? dotted.startsWith(pattern.slice(0, -1)) : dotted === pattern,
  );
  return isListed && sysctlNamespace(name) !== undefined;
}
