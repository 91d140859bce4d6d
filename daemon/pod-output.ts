/** What a pod's containers wrote, read from the runtime that runs them: the API server's `pods/log`. */
import { LABEL_CONTAINER, LABEL_INSTANCE, LABEL_UID } from '../reconcilers/kubelet/identity.ts';
import { allContainerStatuses, type Pod } from '../reconcilers/objects/pod.ts';
import type { ContainerRecord, ContainerRuntime } from '../reconcilers/ports/container-runtime.ts';
import { SampanError } from '../reconcilers/ports/errors.ts';
import type { PodLogs } from './apiserver/pod-logs.ts';

/** A pod's output comes from its newest container of the name, or from the one before. */
export function podLogsFrom(runtime: ContainerRuntime, instance: string): PodLogs {
  return async (pod, container, options, signal) => {
    const chosen = (await containersOf(runtime, instance, pod, container))[options.previous ? 1 : 0];
    if (chosen !== undefined) return runtime.logs(chosen.id, options, signal);
    const { name } = pod.metadata;
    const detail = options.previous
      ? `previous terminated container "${container}" in pod "${name}" not found`
      : `container "${container}" in pod "${name}" is waiting to start${reasonOf(pod, container)}`;
    throw new SampanError('BadRequest', { detail });
  };
}

/** Newest first. */
export async function containersOf(
  runtime: Pick<ContainerRuntime, 'list'>,
  instance: string,
  pod: Pod,
  container: string,
): Promise<ContainerRecord[]> {
  const labels = { [LABEL_UID]: pod.metadata.uid, [LABEL_CONTAINER]: container, [LABEL_INSTANCE]: instance };
  return (await runtime.list(labels)).toSorted((a, b) => b.createdAt - a.createdAt);
}

function reasonOf(pod: Pod, container: string): string {
  const status = allContainerStatuses(pod).find(({ name }) => name === container);
  const reason = status?.state.waiting?.reason;
  if (reason === 'ErrImagePull' || reason === 'ImagePullBackOff') return ': trying and failing to pull image';
  return reason === undefined ? '' : `: ${reason}`;
}
