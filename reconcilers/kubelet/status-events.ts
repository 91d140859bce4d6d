/** The events that a change of a pod's status is announced with. Pure; the plan asks whenever it writes one. */
import { allContainerStatuses, allContainers, type Pod, type PodStatus } from '../objects/pod.ts';
import type { StatusEvent } from './actions.ts';
import type { Waiting } from './container-verdict.ts';
import { backOffMessage } from './images/image-policy.ts';

/**
 * What a change of status is announced with: a container that begins to wait for another reason. Pulls, creations and starts that fail
 * are announced as they do.
 */
export function statusEvents(pod: Pod, next: PodStatus): StatusEvent[] {
  return allContainerStatuses({ ...pod, status: next }).flatMap((status) => {
    const waiting = status.state.waiting;
    const before = allContainerStatuses(pod).find(({ name }) => name === status.name)?.state.waiting;
    const image = allContainers(pod.spec).find(({ name }) => name === status.name)?.image ?? status.image;
    return waiting === undefined || waiting.reason === before?.reason ? [] : waitingEvents(waiting, image);
  });
}

function waitingEvents({ reason, message = '' }: Waiting, image: string): StatusEvent[] {
  const warning = (eventReason: string, text: string): StatusEvent => ({
    type: 'Warning',
    reason: eventReason,
    message: text,
  });
  switch (reason) {
    case 'CrashLoopBackOff':
      return [warning('BackOff', 'Back-off restarting failed container')];
    case 'ImagePullBackOff':
      return [
        { type: 'Normal', reason: 'BackOff', message: backOffMessage(image) },
        warning('Failed', 'Error: ImagePullBackOff'),
      ];
    case 'ErrImageNeverPull':
      return [warning('ErrImageNeverPull', message), warning('Failed', 'Error: ErrImageNeverPull')];
    case 'InvalidImageName':
      return [warning('InspectFailed', message), warning('Failed', 'Error: InvalidImageName')];
    case 'CreateContainerConfigError':
      return [warning('Failed', `Error: ${message}`)];
    default:
      return [];
  }
}
