/**
 * Whether this node takes a pod in at all, asked once, before anything of it is made: a pod that asks for what the node does not give is
 * rejected for good. Pure; the plan asks. Sources: pkg/kubelet/sysctl/allowlist.go, pkg/security/apparmor/validate.go
 */
import { controllerOf } from '../objects/meta.ts';
import { allContainers, type Pod } from '../objects/pod.ts';
import { effectiveSecurity } from '../objects/security-context.ts';
import { dottedSysctl, isSafeSysctl, sysctlNamespace } from '../objects/sysctls.ts';
import type { NodeFacts } from './observation.ts';
import { retryDelayMs } from './restart-delay.ts';

const REASONS = ['SysctlForbidden', 'AppArmor'] as const;

export interface Rejection {
  readonly reason: (typeof REASONS)[number];
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

/**
 * When it is told so: the first of its controller's pods at once, each further one later than the one before. A controller makes another
 * pod as soon as one has failed, and would fill the store with them.
 */
export function rejectedAt(pod: Pod, turnedAway: number): number {
  return Date.parse(pod.metadata.creationTimestamp) + (turnedAway === 0 ? 0 : retryDelayMs(turnedAway));
}

/** Of the controller that made `pod`. */
export function turnedAwayBefore(pod: Pod, pods: readonly Pod[]): number {
  const controller = controllerOf(pod)?.uid;
  if (controller === undefined) return 0;
  const reasons: readonly (string | undefined)[] = REASONS;
  return pods.filter((each) => reasons.includes(each.status.reason) && controllerOf(each)?.uid === controller).length;
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
