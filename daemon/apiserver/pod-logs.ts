/** `pods/NAME/log`: a container's output as text, from whoever runs the pod. */
import { once } from 'node:events';
import { allContainers, type Pod } from '../../reconcilers/objects/pod.ts';
import type { LogChunk, LogOptions } from '../../reconcilers/ports/container-runtime.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { ObjectClient } from '../../reconcilers/ports/object-client.ts';
import type { Exchange } from './exchange.ts';
import type { ResourceRequest } from './request-info.ts';

/** The output of a pod's container; `previous`: of the run before this one. NotFound where there was none. */
export type PodLogs = (
  pod: Pod,
  container: string,
  options: LogOptions & { readonly previous: boolean },
  signal: AbortSignal,
) => AsyncIterable<LogChunk>;

export async function servePodLogs(
  { response, signal }: Exchange,
  asked: ResourceRequest,
  deps: { client: ObjectClient; podLogs: PodLogs },
): Promise<void> {
  const pod = await deps.client.get('Pod', asked);
  if (pod === undefined) throw new SampanError('NotFound', { resource: 'pods', name: asked.name });
  const container = containerOf(pod, asked.query.get('container'));
  const chunks = deps.podLogs(pod, container, optionsOf(asked.query), signal)[Symbol.asyncIterator]();

  // The first chunk decides between an error and an answer.
  let next = await chunks.next();
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  response.flushHeaders();
  while (!next.done) {
    if (!response.write(next.value.data)) await once(response, 'drain', { signal });
    next = await chunks.next();
  }
  response.end();
}

function containerOf(pod: Pod, asked: string | null): string {
  const names = pod.spec.containers.map(({ name }) => name);
  if (asked !== null && allContainers(pod.spec).some(({ name }) => name === asked)) return asked;
  const { name } = pod.metadata;
  if (asked !== null) {
    throw new SampanError('BadRequest', { detail: `container ${asked} is not valid for pod ${name}` });
  }
  const [only] = names;
  if (names.length === 1 && only !== undefined) return only;
  throw new SampanError('BadRequest', {
    detail: `a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]`,
  });
}

function optionsOf(query: URLSearchParams): LogOptions & { previous: boolean } {
  const flag = (name: string) => ['true', '1'].includes(query.get(name) ?? '');
  const tail = query.get('tailLines');
  const sinceSeconds = query.get('sinceSeconds');
  const sinceTime = query.get('sinceTime');
  const since = sinceTime === null ? sinceSeconds && Date.now() - Number(sinceSeconds) * 1000 : Date.parse(sinceTime);
  return {
    follow: flag('follow'),
    previous: flag('previous'),
    timestamps: flag('timestamps'),
    ...(tail !== null && { tail: Number(tail) }),
    ...(since && { since }),
  };
}
