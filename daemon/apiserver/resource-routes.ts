/** Which handler a request for a resource or a subresource goes to. The server calls it with what request-info.ts has read. */
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { Exchange } from './exchange.ts';
import { serveRead } from './read.ts';
import { readBody } from './request-body.ts';
import type { ResourceRequest } from './request-info.ts';
import type { ObjectServices } from './services.ts';
import { type StreamDeps, streamHandlerOf } from './streams/serve.ts';
import { serveWatch } from './watch.ts';
import { serveBinding } from './write/binding.ts';
import { serveDelete, serveDeleteCollection } from './write/delete.ts';
import { serveEviction } from './write/eviction.ts';
import { viewOf } from './write/view.ts';
import { serveCreate, servePatch, serveUpdate } from './write/write.ts';

export type RouteDeps = ObjectServices & StreamDeps;

export async function serveResource(exchange: Exchange, asked: ResourceRequest, deps: RouteDeps): Promise<void> {
  const { request } = exchange;
  const { verb, info, subresource } = asked;
  const stream = streamHandlerOf(exchange, asked);
  if (stream !== undefined) return stream(asked, deps);
  if (info.kind === 'Pod' && subresource === 'binding' && verb === 'create') {
    return serveBinding(exchange, asked, await readBody(request), deps);
  }
  if (info.kind === 'Pod' && subresource === 'eviction' && verb === 'create') {
    return serveEviction(exchange, asked, await readBody(request), deps);
  }
  const view = viewOf(info, subresource);
  if (view === undefined) throw new SampanError('PathNotFound');
  if (!view.verbs.includes(verb)) throw new SampanError('MethodNotAllowed');
  switch (verb) {
    case 'get':
    case 'list':
      return serveRead(exchange, asked, view, deps);
    case 'watch':
      return serveWatch(exchange, asked, view, deps);
    case 'create':
      return serveCreate(exchange, asked, await readBody(request), view, deps);
    case 'update':
      return serveUpdate(exchange, asked, await readBody(request), view, deps);
    case 'patch':
      return servePatch(exchange, asked, await readBody(request), view, deps);
    case 'delete':
      return serveDelete(exchange, asked, await readBody(request), view, deps);
    case 'deletecollection':
      // Kubernetes deletes namespaces one by one only.
      if (info.kind === 'Namespace') throw new SampanError('MethodNotAllowed');
      return serveDeleteCollection(exchange, asked, await readBody(request), view, deps);
  }
}
