/** GET of one object, as a view shows it, or of a collection. */
import { groupResource } from '../../reconcilers/objects/kinds.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { Exchange } from './exchange.ts';
import { listOptionsOf, numberOf } from './list-options.ts';
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
  const { info, namespace, name, query } = asked;
  const as = representationOf(view, exchange.request.headers.accept, query.get('includeObject'), () => clock.now());
  if (asked.verb === 'get') {
    await lists.checkVersion(versionOf(query));
    const object = await client.get(info.kind, { namespace, name });
    if (object === undefined) throw new SampanError('NotFound', { resource: groupResource(info), name });
    return sendText(exchange, 200, as.contentType, as.one(object));
  }
  const listed = await lists.list(scopeOf(asked), listOptionsOf(query));
  const metadata = {
    resourceVersion: String(listed.revision),
    ...(listed.continue !== undefined && { continue: listed.continue }),
    ...(listed.remaining !== undefined && { remainingItemCount: listed.remaining }),
  };
  return sendText(exchange, 200, as.contentType, as.list(listed.items, metadata));
}

/** 0: none is asked for. What is read is always the newest, so a version can only be too new. */
function versionOf(query: URLSearchParams): number {
  return numberOf('resourceVersion', query.get('resourceVersion') || '0');
}

/** What a collection request is about. */
export function scopeOf(asked: ResourceRequest): ListScope {
  const { info, namespace, query } = asked;
  const selective = Boolean(query.get('labelSelector') || query.get('fieldSelector'));
  return { kind: info.kind, namespace, selected: selectionOf(asked), selective };
}
