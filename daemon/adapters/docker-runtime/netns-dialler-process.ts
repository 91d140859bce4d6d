/**
 * A program of its own, started by `netns-dialler.ts` inside a network namespace: connects to the ports it is told, on the loopback
 * interface, and hands each socket to its parent unread. Ends with its parent.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { DialAnswer, DialRequest } from './netns-dialler.ts';

/** As Kubernetes' `localhost`. */
const LOOPBACKS = ['127.0.0.1', '::1'];

process.on('message', async ({ id, port }: DialRequest) => {
  const errors: string[] = [];
  for (const host of LOOPBACKS) {
    const socket = connect({ host, port, allowHalfOpen: true });
    socket.pause(); // what the other side says is for the parent to read
    try {
      await once(socket, 'connect');
      process.send?.({ id } satisfies DialAnswer, socket);
      return;
    } catch (error) {
      errors.push((error as Error).message);
    }
  }
  process.send?.({ id, error: errors[0] ?? '' } satisfies DialAnswer);
});
