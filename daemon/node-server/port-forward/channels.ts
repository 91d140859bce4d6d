/**
 * The old port-forward over a WebSocket, which client-node and python speak: one connection for each of `?port=`, at once, with a channel
 * for its data and one for its error. Each channel begins with the port's number, in two bytes, little end first. No direction can end
 * by itself; when all connections have, the WebSocket is closed.
 */
import type { Duplex } from 'node:stream';
import { messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';
import { writeWithRoom } from '../room.ts';
import type { Channels } from '../websocket/channels.ts';
import type { Forwarding } from './serve.ts';
import { portOf } from './spdy.ts';

export const CHANNEL_PROTOCOLS = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'] as const;
/** A channel is one byte. */
const MOST_PORTS = 64;

/** `?port=80&port=81` or `?port=80,81`. BadRequest where they are none. */
export function portsOf(query: URLSearchParams): number[] {
  const texts = query.getAll('port').flatMap((value) => value.split(','));
  if (texts.length === 0) throw new SampanError('BadRequest', { detail: 'query parameter "port" is required' });
  if (texts.length > MOST_PORTS) throw new SampanError('BadRequest', { detail: `more than ${MOST_PORTS} ports` });
  return texts.map((text) => {
    const port = portOf(text);
    if (port === undefined) throw new SampanError('BadRequest', { detail: `unable to parse "${text}" as a port` });
    return port;
  });
}

/** Resolves when all has ended. */
export async function forwardChannels(
  channels: Channels,
  ports: readonly number[],
  forwarding: Forwarding,
  signal: AbortSignal,
): Promise<void> {
  const left = new AbortController();
  void channels.closed.then(() => left.abort());
  const ends = AbortSignal.any([left.signal, signal]);
  const sockets = ports.map((port) => forwarding.connect(port, ends));
  for (const socket of sockets) socket.catch(() => {}); // told when its turn comes
  void passInput(channels, sockets);
  await Promise.all(sockets.map((socket, at) => passOutput(channels, at, ports[at] as number, socket, forwarding.pod)));
  channels.close();
}

async function passInput(channels: Channels, sockets: readonly Promise<Duplex>[]): Promise<void> {
  for await (const { channel, data } of channels.messages()) {
    const socket = channel % 2 === 0 ? await sockets[channel / 2]?.catch(() => undefined) : undefined;
    if (socket !== undefined) await writeWithRoom(socket, data);
  }
  for (const socket of sockets) socket.then((open) => open.destroy()).catch(() => {});
}

async function passOutput(
  channels: Channels,
  at: number,
  port: number,
  connecting: Promise<Duplex>,
  pod: string,
): Promise<void> {
  const [dataChannel, errorChannel] = [at * 2, at * 2 + 1];
  const number = Buffer.of(port & 0xff, port >> 8);
  await channels.send(dataChannel, number);
  await channels.send(errorChannel, number);
  try {
    const socket = await connecting;
    for await (const data of socket) await channels.send(dataChannel, data);
  } catch (error) {
    const text = `error forwarding port ${port} to pod ${pod}: ${messageOf(error)}`;
    await channels.send(errorChannel, Buffer.from(text));
  }
}
