/** Where a pod's containers are in the runtime of this node, and what they wrote: for logs, exec, attach and port-forward. */
import { LABEL_CONTAINER, LABEL_INSTANCE, LABEL_UID, SANDBOX } from '../../reconcilers/kubelet/identity.ts';
import { allContainerStatuses, type Pod } from '../../reconcilers/objects/pod.ts';
import type {
  ContainerRecord,
  ContainerRuntime,
  LogChunk,
  LogOptions,
} from '../../reconcilers/ports/container-runtime.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';

export class PodContainers {
  readonly runtime: ContainerRuntime;
  readonly #instance: string;

  constructor(runtime: ContainerRuntime, instance: string) {
    this.runtime = runtime;
    this.#instance = instance;
  }

  /** The output of the newest container of the name; `previous`: of the one before. BadRequest where there was none. */
  async logs(
    pod: Pod,
    container: string,
    { previous, ...options }: LogOptions & { readonly previous: boolean },
    signal: AbortSignal,
  ): Promise<AsyncIterable<LogChunk>> {
    const chosen = (await this.#newestFirst(pod, container))[previous ? 1 : 0];
    if (chosen !== undefined) return this.runtime.logs(chosen.id, options, signal);
    const { name } = pod.metadata;
    const detail = previous
      ? `previous terminated container "${container}" in pod "${name}" not found`
      : `container "${container}" in pod "${name}" is waiting to start${reasonOf(pod, container)}`;
    throw new SampanError('BadRequest', { detail });
  }

  /** The id of the pod's container of that name. BadRequest where none runs. */
  async running(pod: Pod, container: string): Promise<string> {
    const id = await this.#runningId(pod, container);
    if (id !== undefined) return id;
    const detail = `container "${container}" in pod "${pod.metadata.name}" is not running`;
    throw new SampanError('BadRequest', { detail });
  }

  /** The id of the container whose network all of the pod's share. BadRequest where it does not run. */
  async sandbox(pod: Pod): Promise<string> {
    const id = await this.#runningId(pod, SANDBOX);
    if (id !== undefined) return id;
    const detail = `unable to forward ports: pod "${pod.metadata.name}" is not running (${pod.status.phase})`;
    throw new SampanError('BadRequest', { detail });
  }

  async #runningId(pod: Pod, container: string): Promise<string | undefined> {
    return (await this.#newestFirst(pod, container)).find(({ state }) => state === 'running')?.id;
  }

  async #newestFirst(pod: Pod, container: string): Promise<ContainerRecord[]> {
    const labels = {
      [LABEL_UID]: pod.metadata.uid,
      [LABEL_CONTAINER]: container,
      [LABEL_INSTANCE]: this.#instance,
    };
    return (await this.runtime.list(labels)).toSorted((a, b) => b.createdAt - a.createdAt);
  }
}

function reasonOf(pod: Pod, container: string): string {
  const status = allContainerStatuses(pod).find(({ name }) => name === container);
  const reason = status?.state.waiting?.reason;
  if (reason === 'ErrImagePull' || reason === 'ImagePullBackOff') return ': trying and failing to pull image';
  return reason === undefined ? '' : `: ${reason}`;
}
