/** Which pod, and which of its containers, a subresource of pods is about. */
import { allContainers, type Pod } from '../../reconcilers/objects/pod.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { ObjectClient } from '../../reconcilers/ports/object-client.ts';
import type { ResourceRequest } from './request-info.ts';

export async function podOf(client: ObjectClient, asked: Pick<ResourceRequest, 'namespace' | 'name'>): Promise<Pod> {
  const pod = await client.get('Pod', asked);
  if (pod === undefined) throw new SampanError('NotFound', { resource: 'pods', name: asked.name });
  return pod;
}

/** The one that was asked for, or the only one. BadRequest, in Kubernetes' words, where that is none. */
export function containerOf(pod: Pod, query: URLSearchParams): string {
  const names = pod.spec.containers.map(({ name }) => name);
  const asked = query.get('container') ?? '';
  if (allContainers(pod.spec).some(({ name }) => name === asked)) return asked;
  const { name } = pod.metadata;
  if (asked !== '') {
    throw new SampanError('BadRequest', { detail: `container ${asked} is not valid for pod ${name}` });
  }
  const [only] = names;
  if (names.length === 1 && only !== undefined) return only;
  const init = (pod.spec.initContainers ?? []).map((container) => container.name);
  const others = init.length > 0 ? ` or one of the init containers: [${init.join(' ')}]` : '';
  throw new SampanError('BadRequest', {
    detail: `a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]${others}`,
  });
}

/** The node that runs it. BadRequest for a pod that none runs yet. */
export function nodeOf(pod: Pod): string {
  if (pod.spec.nodeName !== undefined) return pod.spec.nodeName;
  throw new SampanError('BadRequest', { detail: `pod ${pod.metadata.name} does not have a host assigned` });
}
