/** Where a pod's containers are, for the API server's exec, attach and port-forward: in the runtime of this daemon's node. */
import { SANDBOX } from '../reconcilers/kubelet/identity.ts';
import type { Pod } from '../reconcilers/objects/pod.ts';
import type { ContainerRuntime } from '../reconcilers/ports/container-runtime.ts';
import { SampanError } from '../reconcilers/ports/errors.ts';
import type { PodRuntime } from './apiserver/streams/pod-runtime.ts';
import { containersOf } from './pod-output.ts';

export function podRuntimeFrom(
  runtime: ContainerRuntime,
  { instance, nodeName }: { readonly instance: string; readonly nodeName: string },
): PodRuntime {
  const running = async (pod: Pod, container: string): Promise<string | undefined> => {
    const { name } = pod.metadata;
    if (pod.spec.nodeName !== nodeName) {
      const detail = `pod ${name} runs on node ${pod.spec.nodeName}, which has an API of its own; this one reaches the pods of ${nodeName}`;
      throw new SampanError('ServiceUnavailable', { detail });
    }
    const containers = await containersOf(runtime, instance, pod, container);
    return containers.find(({ state }) => state === 'running')?.id;
  };
  return {
    containers: runtime,
    async runningContainer(pod, container) {
      const id = await running(pod, container);
      if (id !== undefined) return id;
      const detail = `container "${container}" in pod "${pod.metadata.name}" is not running`;
      throw new SampanError('BadRequest', { detail });
    },
    async sandbox(pod) {
      const id = await running(pod, SANDBOX);
      if (id !== undefined) return id;
      const detail = `unable to forward ports: pod "${pod.metadata.name}" is not running (${pod.status.phase})`;
      throw new SampanError('BadRequest', { detail });
    },
  };
}
