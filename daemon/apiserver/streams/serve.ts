/**
 * The subresources that only a pod's node can answer, logs, exec, attach and port-forward, and the proxies: their one door. Which pod and
 * container is asked for is settled here; the node does the rest (nodes/nodes.ts).
 */

import type { Clock } from '../../../reconcilers/ports/clock.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { Log } from '../../../reconcilers/ports/log.ts';
import { logOptionsOf } from '../../serving/log-options.ts';
import { asksForUpgrade, isSpdy, isWebSocket } from '../../serving/upgrade.ts';
import type { Exchange } from '../exchange.ts';
import { commandLocation, logLocation, portForwardLocation } from '../nodes/location.ts';
import { containerOf, nodeOf, podOf } from '../pod-container.ts';
import type { ResourceRequest } from '../request-info.ts';
import { type ProxyDeps, serveProxy } from './proxy/serve.ts';

export interface StreamDeps extends ProxyDeps {
  readonly clock: Clock;
  readonly log: Log;
}

type Handler = (exchange: Exchange, asked: ResourceRequest, deps: StreamDeps) => Promise<void>;

const CONNECTIONS: Readonly<Record<string, Handler>> = {
  exec: serveCommand,
  attach: serveCommand,
  portforward: servePortForward,
};
const PROXIED: readonly string[] = ['Pod', 'Service', 'Node'];

/** Undefined where the request is none for this folder. What a handler throws is answered as any error while it is still HTTP. */
export function streamHandlerOf(
  exchange: Exchange,
  { info, subresource, verb }: ResourceRequest,
): ((asked: ResourceRequest, deps: StreamDeps) => Promise<void>) | undefined {
  if (subresource === 'proxy' && PROXIED.includes(info.kind)) return (asked, deps) => serveProxy(exchange, asked, deps);
  if (info.kind !== 'Pod') return undefined;
  if (subresource === 'log' && verb === 'get') return (asked, deps) => serveLog(exchange, asked, deps);
  const handler = CONNECTIONS[subresource];
  if (handler === undefined) return undefined;
  if (verb !== 'get' && verb !== 'create') throw new SampanError('MethodNotAllowed');
  if (!asksForUpgrade(exchange) || !(isWebSocket(exchange.request) || isSpdy(exchange.request))) {
    throw new SampanError('BadRequest', { detail: 'Upgrade request required' });
  }
  return (asked, deps) => handler(exchange, asked, deps);
}

async function serveLog(
  exchange: Exchange,
  asked: ResourceRequest,
  { client, nodes, clock }: StreamDeps,
): Promise<void> {
  const { query, name } = asked;
  logOptionsOf(query, name, clock.now()); // what is wrong is wrong on every node
  const pod = await podOf(client, asked);
  const container = containerOf(pod, query);
  if (pod.spec.nodeName !== undefined) {
    return nodes.serve(exchange, pod.spec.nodeName, logLocation(asked, container, query));
  }
  // Nothing runs, so nothing was written.
  exchange.response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end();
}

async function serveCommand(
  exchange: Exchange,
  asked: ResourceRequest,
  { client, nodes, log }: StreamDeps,
): Promise<void> {
  const { namespace, name, query } = asked;
  const action = asked.subresource === 'exec' ? 'exec' : 'attach';
  const pod = await podOf(client, asked);
  const container = containerOf(pod, query);
  const node = nodeOf(pod);
  log.info(action, { user: exchange.user.name, pod: `${namespace}/${name}`, container, node });
  await nodes.serve(exchange, node, commandLocation(action, asked, container, query));
}

async function servePortForward(
  exchange: Exchange,
  asked: ResourceRequest,
  { client, nodes, log }: StreamDeps,
): Promise<void> {
  const { namespace, name, query } = asked;
  const node = nodeOf(await podOf(client, asked));
  log.info('portforward', { user: exchange.user.name, pod: `${namespace}/${name}`, node });
  await nodes.serve(exchange, node, portForwardLocation(asked, query));
}
