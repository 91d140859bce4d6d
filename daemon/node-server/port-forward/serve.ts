/** `/portForward/...`: connections from the client's machine into the pod's network, in each of the three ways clients ask. */
import type { Duplex } from 'node:stream';
import { createWebSocketStream } from 'ws';
import type { Pod } from '../../../reconcilers/objects/pod.ts';
import type { Clock } from '../../../reconcilers/ports/clock.ts';
import { heartbeat, isWebSocket, type Upgrade } from '../../serving/upgrade.ts';
import type { PodContainers } from '../pod-containers.ts';
import { acceptSpdy } from '../spdy/accept.ts';
import { SpdyConnection } from '../spdy/connection.ts';
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

export interface PortForwardDeps {
  readonly containers: PodContainers;
  readonly clock: Clock;
}

export interface PortForwardAsked {
  readonly pod: Pod;
  readonly query: URLSearchParams;
}

/** Throws what is to be answered as HTTP; once it has upgraded, nothing. Resolves when the session is over. */
export async function servePortForward(
  upgrade: Upgrade,
  { pod, query }: PortForwardAsked,
  deps: PortForwardDeps,
): Promise<void> {
  const { containers, clock } = deps;
  const id = await containers.sandbox(pod);
  const forwarding: Forwarding = {
    pod: pod.metadata.name,
    connect: (port, signal) => containers.runtime.connect(id, port, signal),
  };
  if (isWebSocket(upgrade.request)) await serveWebSocket(upgrade, query, forwarding, clock);
  else await serveSpdy(upgrade, forwarding, clock);
}

async function serveSpdy(upgrade: Upgrade, forwarding: Forwarding, clock: Clock): Promise<void> {
  const { transport } = acceptSpdy(upgrade, [SPDY_PROTOCOL]);
  await serveStreams(transport, upgrade.signal, forwarding, clock);
}

async function serveWebSocket(
  upgrade: Upgrade,
  query: URLSearchParams,
  forwarding: Forwarding,
  clock: Clock,
): Promise<void> {
  const offersTunnel = upgrade.request.headers['sec-websocket-protocol']?.includes(TUNNEL_PROTOCOL);
  if (!offersTunnel) {
    const ports = portsOf(query);
    const { socket, protocol } = await acceptWebSocket(upgrade, CHANNEL_PROTOCOLS);
    const channels = new Channels(socket, protocol.includes('base64') ? 'base64' : 'binary');
    heartbeat(clock, () => channels.ping(), channels.closed);
    return forwardChannels(channels, ports, forwarding, upgrade.signal);
  }
  const { socket } = await acceptWebSocket(upgrade, [TUNNEL_PROTOCOL]);
  const transport = createWebSocketStream(socket);
  // The stream's own end would be a close without a code, which clients take for an error.
  transport._final = (done) => {
    socket.once('close', () => done());
    socket.close(CLOSE_NORMAL);
  };
  await serveStreams(transport, upgrade.signal, forwarding, clock);
}

async function serveStreams(
  transport: Duplex,
  signal: AbortSignal,
  forwarding: Forwarding,
  clock: Clock,
): Promise<void> {
  const forwards = new SpdyForwards(forwarding);
  const connection = new SpdyConnection(transport, (stream) => forwards.add(stream));
  heartbeat(clock, () => connection.ping(), connection.closed);
  const stop = () => connection.destroy();
  signal.addEventListener('abort', stop, { once: true });
  await connection.closed;
  signal.removeEventListener('abort', stop);
}
