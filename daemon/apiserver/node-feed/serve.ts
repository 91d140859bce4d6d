/**
 * What only agents ask for, each of its own node: `GET /apis/sampan.dev/v1/nodes/NAME/settings`, and
 * `.../feed?resourceVersion=N`, which tells what the node sees, then what changes of it, for as long as the agent listens.
 */
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { sendJson } from '../../serving/http-exchange.ts';
import { statusOf } from '../../serving/status.ts';
import type { Exchange } from '../exchange.ts';
import { eventLine } from '../representation.ts';
import { sendPart } from '../send.ts';
import type { NodeFeeds } from './node-feeds.ts';

const ALONE =
  "this cluster is one machine whose pods are on Docker's default bridge, where no other reaches them; start its master with --cluster-cidr or --pod-network, or over etcd, and nodes can join";

/** Whether it was one of them. `settings`: undefined where other nodes cannot be. */
export async function serveNodeRoutes(exchange: Exchange, feeds: NodeFeeds, settings: unknown): Promise<boolean> {
  const { attributes, response } = exchange;
  if (attributes.type !== 'resource' || attributes.group !== 'sampan.dev') return false;
  const { resource, subresource, name, verb, query } = attributes;
  if (resource !== 'nodes' || name === '' || !['feed', 'settings'].includes(subresource)) return false;
  if (verb !== 'get') throw new SampanError('MethodNotAllowed');
  if (settings === undefined) throw new SampanError('AccessDenied', { detail: ALONE });
  if (subresource === 'settings') sendJson(response, 200, settings);
  else await serveFeed(exchange, name, revisionIn(query), feeds);
  return true;
}

async function serveFeed({ response, signal }: Exchange, node: string, notOlderThan: number, feeds: NodeFeeds) {
  const feed = await feeds.open(node, notOlderThan);
  try {
    response.writeHead(200, { 'content-type': 'application/json;stream=watch', 'cache-control': 'no-cache, private' });
    for await (const part of feed.parts(signal)) await sendPart(response, part, signal);
  } catch (error) {
    if (!signal.aborted) response.write(eventLine('ERROR', JSON.stringify(statusOf(error))));
  } finally {
    feeds.close(feed);
    response.end();
  }
}

function revisionIn(query: URLSearchParams): number {
  const text = query.get('resourceVersion') ?? '0';
  if (!/^\d+$/.test(text)) throw new SampanError('BadRequest', { detail: `resourceVersion ${text}: not a number` });
  return Number(text);
}
