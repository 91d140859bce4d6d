/**
 * `/connect/{namespace}/{pod}/{port}`: a bare connection to a pod's address, for the API server's proxy where the pod network does not
 * lead from its machine to the pod. Only addresses of this node's own pods are dialled.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Pod } from '../../reconcilers/objects/pod.ts';
import { messageOf, SampanError } from '../../reconcilers/ports/errors.ts';
import { joinDirections } from '../serving/join-directions.ts';
import { CONNECTION_PROTOCOL } from '../serving/node-service.ts';
import { keepOpen, takeOver, type Upgrade } from '../serving/upgrade.ts';

const WITHIN_MS = 5_000;

/** ServiceUnavailable where nobody takes the connection. */
export async function serveConnection(upgrade: Upgrade, pod: Pod, port: number): Promise<void> {
  const { podIP } = pod.status;
  if (podIP === undefined) {
    throw new SampanError('BadRequest', { detail: `pod ${pod.metadata.name} has no address (${pod.status.phase})` });
  }
  const behind = await dial(podIP, port, upgrade.signal);
  const socket = takeOver(upgrade);
  keepOpen(behind);
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${CONNECTION_PROTOCOL}\r\n\r\n`);
  if (upgrade.upgrade.head.length > 0) socket.unshift(upgrade.upgrade.head);
  await joinDirections(socket, behind);
}

async function dial(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host, port, allowHalfOpen: true });
  try {
    await once(socket, 'connect', { signal: AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]) });
  } catch (error) {
    socket.destroy();
    if (signal.aborted) throw error;
    const isLate = (error as Error).name === 'AbortError';
    const detail = isLate ? `${host}:${port} does not answer within ${WITHIN_MS / 1000} s` : messageOf(error);
    throw new SampanError('ServiceUnavailable', { detail: `error trying to reach service: ${detail}` }, error);
  }
  socket.on('error', () => {}); // told by the end of the directions
  return socket;
}
