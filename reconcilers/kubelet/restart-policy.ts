/**
 * Whether a container that has ended is started again, by its place in the pod and the pod's restartPolicy; and what its stored status
 * says of an end that no record shows any more. Pure; the verdict on each container asks.
 */
import type { Container, ContainerStatus, Pod, RestartPolicy } from '../objects/pod.ts';
import { allContainerStatuses } from '../objects/pod.ts';
import type { PodContainer } from './identity.ts';

/** A container's place in its pod. */
export type ContainerRole = 'init' | 'sidecar' | 'app' | 'ephemeral';

/** An init container of a pod that restarts always is run until it succeeds, and no further. */
export function restartPolicyOf({ spec: { restartPolicy } }: Pod, role: ContainerRole): RestartPolicy {
  switch (role) {
    case 'init':
      return restartPolicy === 'Always' ? 'OnFailure' : restartPolicy;
    case 'sidecar':
      return 'Always';
    case 'app':
      return restartPolicy;
    case 'ephemeral':
      return 'Never';
  }
}

/** `wasEnded`: by a failed probe; then it has failed, whatever its exit code. */
export function mayRestart(policy: RestartPolicy, ended: PodContainer, wasEnded: boolean): boolean {
  return policy === 'Always' || (policy === 'OnFailure' && (wasEnded || !succeeded(ended)));
}

export function succeeded(ended: PodContainer): boolean {
  return ended.state === 'exited' && ended.exitCode === 0;
}

/** As its record shows, or where there is none, its stored status. */
export function hasSucceeded(ended: PodContainer | undefined, known: ContainerStatus | undefined): boolean {
  return ended === undefined ? known?.state.terminated?.exitCode === 0 : succeeded(ended);
}

/** Whether the pod's status says it has ended for good, though no container is left to show it. */
export function endedUnseen(policy: RestartPolicy, known: ContainerStatus | undefined): boolean {
  if (known === undefined || policy === 'Always') return false;
  const { terminated, running } = known.state;
  if (policy === 'Never') return terminated !== undefined || running !== undefined;
  return terminated?.exitCode === 0;
}

export function statusOf(pod: Pod, { name }: Pick<Container, 'name'>): ContainerStatus | undefined {
  return allContainerStatuses(pod).find((status) => status.name === name);
}
