/** Whether a TCP connection can be opened; it is closed again at once. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { NetworkTarget, ProbeAnswer, ProbeLimits } from '../../../reconcilers/ports/prober.ts';
import { Deadline } from './deadline.ts';
import { addressOf, connectError } from './words.ts';

export async function tcpProbe(target: NetworkTarget, limits: ProbeLimits): Promise<ProbeAnswer> {
  limits.signal.throwIfAborted();
  using deadline = new Deadline(limits);
  const socket = connect(target.port, target.host);
  try {
    await once(socket, 'connect', { signal: deadline.signal });
    return { outcome: 'success', output: '' };
  } catch (error) {
    const output = deadline.isOver ? `dial tcp ${addressOf(target)}: i/o timeout` : connectError(target, error);
    return { outcome: 'failure', output };
  } finally {
    socket.destroy();
  }
}
