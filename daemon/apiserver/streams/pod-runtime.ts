/** What the streaming subresources need of whoever runs the pod. Implemented beside the assembly, over the node's container runtime. */
import type { Pod } from '../../../reconcilers/objects/pod.ts';
import type { ContainerRuntime } from '../../../reconcilers/ports/container-runtime.ts';

export interface PodRuntime {
  readonly containers: Pick<ContainerRuntime, 'exec' | 'attach' | 'connect'>;
  /** The id of the pod's container of that name. BadRequest where none runs, ServiceUnavailable where the pod is another node's. */
  runningContainer(pod: Pod, name: string): Promise<string>;
  /** The id of the container whose network all of the pod's share. */
  sandbox(pod: Pod): Promise<string>;
}
