/** What a pod's containers wrote, read from the runtime that runs them: the API server's `pods/log`. */
import { LABEL_CONTAINER, LABEL_INSTANCE, LABEL_UID } from '../reconcilers/kubelet/identity.ts';
import type { ContainerRuntime } from '../reconcilers/ports/container-runtime.ts';
import { SampanError } from '../reconcilers/ports/errors.ts';
import type { PodLogs } from './apiserver/pod-logs.ts';

/** A pod's output comes from its newest container of the name, or from the one before. */
export function podLogsFrom(runtime: ContainerRuntime, instance: string): PodLogs {
  return async function* (pod, container, options, signal) {
    const labels = { [LABEL_UID]: pod.metadata.uid, [LABEL_CONTAINER]: container, [LABEL_INSTANCE]: instance };
    const newestFirst = (await runtime.list(labels)).toSorted((a, b) => b.createdAt - a.createdAt);
    const chosen = newestFirst[options.previous ? 1 : 0];
    const { name } = pod.metadata;
    if (chosen === undefined) {
      const detail = options.previous
        ? `previous terminated container "${container}" in pod "${name}" not found`
        : `container "${container}" in pod "${name}" is waiting to start`;
      throw new SampanError('BadRequest', { detail });
    }
    yield* runtime.logs(chosen.id, options, signal);
  };
}
