/**
 * The streaming subresources' one door. What they throw is answered as any error while the exchange is still HTTP; once a handler has
 * taken the socket over, it speaks for itself and throws nothing. Each handler is loaded with the first request for it.
 */
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { Exchange } from '../exchange.ts';
import type { PodLogsDeps } from '../pod-logs.ts';
import type { ResourceRequest } from '../request-info.ts';
import type { ProxyDeps } from './proxy/serve.ts';
import type { RemoteCommandDeps } from './remote-command/serve.ts';
import { asksForUpgrade, isSpdy, isWebSocket, type Upgrade } from './upgrade.ts';

export type StreamDeps = RemoteCommandDeps & PodLogsDeps & ProxyDeps;

type Handler = (upgrade: Upgrade, asked: ResourceRequest, deps: StreamDeps) => Promise<void>;

const remoteCommand: Handler = async (...request) => {
  const { serveRemoteCommand } = await import('./remote-command/serve.ts');
  await serveRemoteCommand(...request);
};
const portForward: Handler = async (...request) => {
  const { servePortForward } = await import('./port-forward/serve.ts');
  await servePortForward(...request);
};
const logStream: Handler = async (...request) => {
  const { serveLogWebSocket } = await import('./log-websocket.ts');
  await serveLogWebSocket(...request);
};
const CONNECTIONS: Readonly<Record<string, Handler>> = {
  exec: remoteCommand,
  attach: remoteCommand,
  portforward: portForward,
};
const PROXIED: readonly string[] = ['Pod', 'Service', 'Node'];

/** Undefined where the request is none for this folder. */
export function streamHandlerOf(
  exchange: Exchange,
  { info, subresource, verb }: ResourceRequest,
): ((asked: ResourceRequest, deps: StreamDeps) => Promise<void>) | undefined {
  if (subresource === 'proxy' && PROXIED.includes(info.kind)) {
    return async (asked, deps) => {
      const { serveProxy } = await import('./proxy/serve.ts');
      await serveProxy(exchange, asked, deps);
    };
  }
  if (info.kind !== 'Pod') return undefined;
  const handler = CONNECTIONS[subresource];
  if (handler === undefined) {
    const isLogStream = subresource === 'log' && asksForUpgrade(exchange) && isWebSocket(exchange.request);
    return isLogStream ? (asked, deps) => logStream(exchange, asked, deps) : undefined;
  }
  if (verb !== 'get' && verb !== 'create') throw new SampanError('MethodNotAllowed');
  if (!asksForUpgrade(exchange) || !(isWebSocket(exchange.request) || isSpdy(exchange.request))) {
    throw new SampanError('BadRequest', { detail: 'Upgrade request required' });
  }
  return (asked, deps) => handler(exchange, asked, deps);
}
