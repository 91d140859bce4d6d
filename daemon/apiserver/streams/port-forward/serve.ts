/** `pods/NAME/portforward`: connections from the client's machine into the pod's network, in each of the three ways clients ask. */
import type { Duplex } from 'node:stream';
import { createWebSocketStream } from 'ws';
import type { ObjectClient } from '../../../../reconcilers/ports/object-client.ts';
import { podOf, requireNode } from '../../pod-container.ts';
import type { ResourceRequest } from '../../request-info.ts';
import type { RemoteCommandDeps } from '../remote-command/serve.ts';
import { acceptSpdy } from '../spdy/accept.ts';
import { SpdyConnection } from '../spdy/connection.ts';
import { heartbeat, isWebSocket, type Upgrade } from '../upgrade.ts';
import { acceptWebSocket } from '../websocket/accept.ts';
import { Channels, CLOSE_NORMAL } from '../websocket/channels.ts';
import { CHANNEL_PROTOCOLS, forwardChannels, portsOf } from './channels.ts';
import { SpdyForwards } from './spdy.ts';

const SPDY_PROTOCOL = 'portforward.k8s.io';
/** SPDY's bytes in a WebSocket's messages: kubectl's way since 1.31. */
const TUNNEL_PROTOCOL = 'SPDY/3.1+portforward.k8s.io';

/** The pod's end. */
export interface Forwarding {
  /** For messages. */
  readonly pod: string;
  connect(port: number, signal: AbortSignal): Promise<Duplex>;
}

/** Throws what is to be answered as HTTP; once it has upgraded, nothing. Resolves when the session is over. */
export async function servePortForward(
  upgrade: Upgrade,
  asked: ResourceRequest,
  deps: RemoteCommandDeps & { readonly client: ObjectClient },
): Promise<void> {
  const { client, pods, log } = deps;
  const pod = await podOf(client, asked);
  requireNode(pod);
  const id = await pods.sandbox(pod);
  const forwarding: Forwarding = {
    pod: asked.name,
    connect: (port, signal) => pods.containers.connect(id, port, signal),
  };
  const serve = isWebSocket(upgrade.request) ? serveWebSocket : serveSpdy;
  log.info('portforward', { user: upgrade.user.name, pod: `${asked.namespace}/${asked.name}` });
  await serve(upgrade, asked, forwarding, deps);
}

async function serveSpdy(
  upgrade: Upgrade,
  _asked: ResourceRequest,
  forwarding: Forwarding,
  deps: RemoteCommandDeps,
): Promise<void> {
  const { transport } = acceptSpdy(upgrade, [SPDY_PROTOCOL]);
  await serveStreams(transport, upgrade.signal, forwarding, deps);
}

async function serveWebSocket(
  upgrade: Upgrade,
  asked: ResourceRequest,
  forwarding: Forwarding,
  deps: RemoteCommandDeps,
): Promise<void> {
  const offersTunnel = upgrade.request.headers['sec-websocket-protocol']?.includes(TUNNEL_PROTOCOL);
  if (!offersTunnel) {
    const ports = portsOf(asked.query);
    const { socket, protocol } = await acceptWebSocket(upgrade, CHANNEL_PROTOCOLS);
    const channels = new Channels(socket, protocol.includes('base64') ? 'base64' : 'binary');
    heartbeat(deps.clock, () => channels.ping(), channels.closed);
    return forwardChannels(channels, ports, forwarding, upgrade.signal);
  }
  const { socket } = await acceptWebSocket(upgrade, [TUNNEL_PROTOCOL]);
  const transport = createWebSocketStream(socket);
  // The stream's own end would be a close without a code, which clients take for an error.
  transport._final = (done) => {
    socket.once('close', () => done());
    socket.close(CLOSE_NORMAL);
  };
  await serveStreams(transport, upgrade.signal, forwarding, deps);
}

async function serveStreams(
  transport: Duplex,
  signal: AbortSignal,
  forwarding: Forwarding,
  { clock }: RemoteCommandDeps,
): Promise<void> {
  const forwards = new SpdyForwards(forwarding);
  const connection = new SpdyConnection(transport, (stream) => forwards.add(stream));
  heartbeat(clock, () => connection.ping(), connection.closed);
  const stop = () => connection.destroy();
  signal.addEventListener('abort', stop, { once: true });
  await connection.closed;
  signal.removeEventListener('abort', stop);
}
