/** GET of one object or a collection. */
import type { AnyObject } from '../../reconcilers/objects/kinds.ts';
import type { Clock } from '../../reconcilers/ports/clock.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { ObjectClient } from '../../reconcilers/ports/object-client.ts';
import { type Exchange, sendJson } from './exchange.ts';
import { representationOf } from './representation.ts';
import type { ResourceRequest } from './request-info.ts';
import { selectionOf } from './selection.ts';

export async function serveRead(
  { request, response }: Exchange,
  asked: ResourceRequest,
  deps: { client: ObjectClient; clock: Clock },
): Promise<void> {
  const { info, namespace, name, query } = asked;
  const { client, clock } = deps;
  const as = representationOf(info, request.headers.accept ?? '', query.get('includeObject'), () => clock.now());
  if (asked.verb === 'get') {
    const object = await client.get(info.kind, { namespace, name });
    if (object === undefined) throw new SampanError('NotFound', { resource: info.plural, name });
    return sendJson(response, 200, as.one(object));
  }
  const selected = selectionOf(asked);
  const listed = await client.list(info.kind, namespace === '' ? {} : { namespace });
  const items = (listed.items as AnyObject[]).filter(selected);
  sendJson(response, 200, as.list(items, listed.revision));
}
