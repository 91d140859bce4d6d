/**
 * Whether the stored status tells of just this run of a container. It is the memory that outlives the daemon: what was ready stays so, a
 * postStart hook that ended is not run again. Pure.
 */
import { toTimestamp } from '../objects/meta.ts';
import { allContainerStatuses, type Container, type ContainerStatus, type Pod } from '../objects/pod.ts';
import type { PodContainer } from './identity.ts';

/** The container's stored status, where it says that this very run was running. */
export function reportedRun(
  pod: Pod,
  { name }: Pick<Container, 'name'>,
  run: PodContainer,
): ContainerStatus | undefined {
  const known = allContainerStatuses(pod).find((status) => status.name === name);
  const startedAt = toTimestamp(run.startedAt ?? run.createdAt);
  const isSame = known?.containerID === `docker://${run.id}` && known.state.running?.startedAt === startedAt;
  return isSame ? known : undefined;
}
