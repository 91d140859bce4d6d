/** `pods/NAME/log` over a WebSocket: each piece of the output a message. */
import { type PodLogsDeps, readPodLogs } from '../pod-logs.ts';
import type { ResourceRequest } from '../request-info.ts';
import { heartbeat, type Upgrade } from './upgrade.ts';
import { acceptWebSocket } from './websocket/accept.ts';
import { CLOSE_NORMAL } from './websocket/channels.ts';

const PROTOCOLS = ['binary.k8s.io', 'base64.binary.k8s.io'] as const;

/** Throws what is to be answered as HTTP; after that, a log that breaks off breaks the connection. */
export async function serveLogWebSocket(upgrade: Upgrade, asked: ResourceRequest, deps: PodLogsDeps): Promise<void> {
  const gone = new AbortController();
  const chunks = await readPodLogs(asked, deps, AbortSignal.any([upgrade.signal, gone.signal]));
  const { socket, protocol } = await acceptWebSocket(upgrade, PROTOCOLS);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  heartbeat(deps.clock, () => socket.ping(), closed);
  void closed.then(() => gone.abort());
  socket.on('message', () => {}); // a reader of logs says nothing

  const send = (message: Uint8Array | string) => new Promise<void>((resolve) => socket.send(message, () => resolve()));
  const encode = (data: Uint8Array) =>
    protocol === 'base64.binary.k8s.io' ? Buffer.from(data).toString('base64') : data;
  await send(encode(Buffer.alloc(0))); // the sign that all is set up
  try {
    for await (const data of chunks) await send(encode(data));
    socket.close(CLOSE_NORMAL);
  } catch {
    socket.terminate();
  }
}
