/**
 * The streaming subresources' one door: requests that leave HTTP come through `serveUpgrade`, from the server's `upgrade` event. What is
 * refused is answered here, as any request would be.
 */
import { isAbort, messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';
import type { PodLogsDeps } from '../pod-logs.ts';
import type { ResourceRequest } from '../request-info.ts';
import { serveLogWebSocket } from './log-websocket.ts';
import { servePortForward } from './port-forward/serve.ts';
import { type ProxyDeps, serveProxyUpgrade } from './proxy/serve.ts';
import { type RemoteCommandDeps, serveRemoteCommand } from './remote-command/serve.ts';
import { isSpdy, isWebSocket, refuse, type Upgrade } from './upgrade.ts';

export type StreamDeps = RemoteCommandDeps & PodLogsDeps & ProxyDeps;

/** Whether a resource's subresource is one that only an upgrade serves. */
export function needsUpgrade({ info, subresource }: ResourceRequest): boolean {
  return info.kind === 'Pod' && ['exec', 'attach', 'portforward'].includes(subresource);
}

/** For {@link needsUpgrade} without one. */
export function upgradeRequired(): SampanError {
  return new SampanError('BadRequest', { detail: 'Upgrade request required' });
}

/** Resolves when the connection is over; never rejects. */
export async function serveUpgrade(
  upgrade: Upgrade,
  asked: ResourceRequest | undefined,
  deps: StreamDeps,
): Promise<void> {
  upgrade.socket.on('error', () => {}); // it closes, and `signal` tells
  try {
    if (asked === undefined) throw new SampanError('NotFound', { resource: 'path', name: upgrade.request.url });
    await handlerOf(upgrade, asked)(upgrade, asked, deps);
  } catch (error) {
    if (!(error instanceof SampanError || isAbort(error) || upgrade.signal.aborted)) {
      deps.log.error('stream failed', { url: upgrade.request.url, error: messageOf(error) });
    }
    refuse(upgrade, error);
  }
}

type Handler = (upgrade: Upgrade, asked: ResourceRequest, deps: StreamDeps) => Promise<void>;

function handlerOf({ request }: Upgrade, { info, subresource, verb }: ResourceRequest): Handler {
  if (subresource === 'proxy') return serveProxyUpgrade;
  const isStream = isWebSocket(request) || isSpdy(request);
  const isConnect = verb === 'get' || verb === 'create';
  if (info.kind !== 'Pod' || !isStream || !isConnect) throw upgradeRequired();
  switch (subresource) {
    case 'exec':
    case 'attach':
      return serveRemoteCommand;
    case 'portforward':
      return servePortForward;
    case 'log':
      if (isWebSocket(request)) return serveLogWebSocket;
  }
  throw new SampanError('BadRequest', {
    detail: `${info.plural}/${subresource} cannot be upgraded to ${request.headers.upgrade}`,
  });
}
