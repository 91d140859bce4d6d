/** GET of one object, as a view shows it, or of a collection. */
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { Exchange } from './exchange.ts';
import { listOptionsOf } from './list-options.ts';
import type { ListScope } from './object-lists.ts';
import { representationOf } from './representation.ts';
import type { ResourceRequest } from './request-info.ts';
import { selectionOf } from './selection.ts';
import { sendText } from './send.ts';
import type { ObjectServices } from './services.ts';
import type { View } from './write/view.ts';

export async function serveRead(
  exchange: Exchange,
  asked: ResourceRequest,
  view: View,
  { client, clock, lists }: ObjectServices,
): Promise<void> {
  const { request, response } = exchange;
  const { info, namespace, name, query } = asked;
  const as = representationOf(info, request.headers.accept, query.get('includeObject'), () => clock.now());
  if (asked.verb === 'get') {
    const object = await client.get(info.kind, { namespace, name });
    if (object === undefined) throw new SampanError('NotFound', { resource: info.plural, name });
    return sendText(request, response, 200, as.contentType, as.one(view.shown(object)));
  }
  const listed = await lists.list(scopeOf(asked), listOptionsOf(query));
  const metadata = {
    resourceVersion: String(listed.revision),
    ...(listed.continue !== undefined && { continue: listed.continue }),
    ...(listed.remaining !== undefined && { remainingItemCount: listed.remaining }),
  };
  return sendText(request, response, 200, as.contentType, as.list(listed.items, metadata));
}

/** What a collection request is about. */
export function scopeOf(asked: ResourceRequest): ListScope {
  const { info, namespace, query } = asked;
  const selective = Boolean(query.get('labelSelector') || query.get('fieldSelector'));
  return { kind: info.kind, namespace, selected: selectionOf(asked), selective };
}
