/** `GET /apis/sampan.dev/v1/nodes/NAME/feed?resourceVersion=N`: what the node sees, then what changes of it. For agents only. */
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { Exchange } from '../exchange.ts';
import { eventLine } from '../representation.ts';
import { sendPart } from '../send.ts';
import { statusOf } from '../status.ts';
import type { NodeFeeds } from './node-feeds.ts';

/** Whether it was asked for. */
export async function serveNodeFeed(exchange: Exchange, feeds: NodeFeeds): Promise<boolean> {
  const { attributes, response, signal } = exchange;
  if (attributes.type !== 'resource' || attributes.group !== 'sampan.dev') return false;
  const { resource, subresource, name, verb, query } = attributes;
  if (resource !== 'nodes' || subresource !== 'feed' || name === '') return false;
  if (verb !== 'get') throw new SampanError('MethodNotAllowed');
  const feed = await feeds.open(name, revisionIn(query));
  try {
    response.writeHead(200, { 'content-type': 'application/json;stream=watch', 'cache-control': 'no-cache, private' });
    for await (const part of feed.parts(signal)) await sendPart(response, part, signal);
  } catch (error) {
    if (!signal.aborted) response.write(eventLine('ERROR', JSON.stringify(statusOf(error))));
  } finally {
    feeds.close(feed);
    response.end();
  }
  return true;
}

function revisionIn(query: URLSearchParams): number {
  const text = query.get('resourceVersion') ?? '0';
  if (!/^\d+$/.test(text)) throw new SampanError('BadRequest', { detail: `resourceVersion ${text}: not a number` });
  return Number(text);
}
