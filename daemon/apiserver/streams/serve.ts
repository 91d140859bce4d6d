/**
 * The streaming subresources' one door. What they throw is answered as any error while the exchange is still HTTP; once a handler has
 * taken the socket over, it speaks for itself and throws nothing.
 */
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { Exchange } from '../exchange.ts';
import type { PodLogsDeps } from '../pod-logs.ts';
import type { ResourceRequest } from '../request-info.ts';
import { serveLogWebSocket } from './log-websocket.ts';
import { servePortForward } from './port-forward/serve.ts';
import { type ProxyDeps, serveProxy } from './proxy/serve.ts';
import { type RemoteCommandDeps, serveRemoteCommand } from './remote-command/serve.ts';
import { asksForUpgrade, isSpdy, isWebSocket, type Upgrade } from './upgrade.ts';

export type StreamDeps = RemoteCommandDeps & PodLogsDeps & ProxyDeps;

type Handler = (upgrade: Upgrade, asked: ResourceRequest, deps: StreamDeps) => Promise<void>;

const CONNECTIONS: Readonly<Record<string, Handler>> = {
  exec: serveRemoteCommand,
  attach: serveRemoteCommand,
  portforward: servePortForward,
};
const PROXIED: readonly string[] = ['Pod', 'Service', 'Node'];

/** Undefined where the request is none for this folder. */
export function streamHandlerOf(
  exchange: Exchange,
  { info, subresource, verb }: ResourceRequest,
): ((asked: ResourceRequest, deps: StreamDeps) => Promise<void>) | undefined {
  if (subresource === 'proxy' && PROXIED.includes(info.kind)) return (asked, deps) => serveProxy(exchange, asked, deps);
  if (info.kind !== 'Pod') return undefined;
  const handler = CONNECTIONS[subresource];
  if (handler === undefined) {
    const isLogStream = subresource === 'log' && asksForUpgrade(exchange) && isWebSocket(exchange.request);
    return isLogStream ? (asked, deps) => serveLogWebSocket(exchange, asked, deps) : undefined;
  }
  if (verb !== 'get' && verb !== 'create') throw new SampanError('MethodNotAllowed');
  if (!asksForUpgrade(exchange) || !(isWebSocket(exchange.request) || isSpdy(exchange.request))) {
    throw new SampanError('BadRequest', { detail: 'Upgrade request required' });
  }
  return (asked, deps) => handler(exchange, asked, deps);
}
