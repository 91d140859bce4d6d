/**
 * A connection to a port inside a container's network, for port-forward: as Kubernetes has it, to the loopback interface in there, so
 * that a program which listens on nothing else is reached too. The adapter keeps one of these; `close` ends what it started.
 */
import { connect, type Socket } from 'node:net';
import type { ContainerInspectInfo } from 'dockerode';
import { messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';
import { toContainerRecord } from './container-record.ts';
import { isOfContainer } from './host-processes.ts';
import { NetnsDialler } from './netns-dialler.ts';

const LOOPBACK = '127.0.0.1';
const DEADLINE_MS = 30_000;

export class PortConnections {
  readonly #diallers = new Map<string, NetnsDialler>();

  /** `info`: of a running container. Throws PortUnreachable, or AbortError where `signal` aborts. */
  async connect(info: ContainerInspectInfo, port: number, signal: AbortSignal): Promise<Socket> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
    try {
      return await this.#dial(info, port, deadline);
    } catch (error) {
      signal.throwIfAborted();
      const { name } = toContainerRecord(info);
      throw new SampanError('PortUnreachable', { name, port, detail: messageOf(error) }, error);
    }
  }

  close(): void {
    for (const dialler of this.#diallers.values()) dialler.close();
  }

  async #dial(info: ContainerInspectInfo, port: number, signal: AbortSignal): Promise<Socket> {
    if (info.HostConfig.NetworkMode === 'host') return dial(LOOPBACK, port, signal);
    const dialler = (await isOfContainer(info.State.Pid, info.Id)) ? this.#diallerOf(info) : undefined;
    if (await dialler?.isReady) return (dialler as NetnsDialler).dial(port, signal);
    // The engine is on another machine, or there is no nsenter: what listens on the pod's address is reached all the same.
    const { ip } = toContainerRecord(info);
    if (ip === undefined) throw new Error('the container has no address, and its network cannot be entered from here');
    return dial(ip, port, signal);
  }

  #diallerOf({ Id, State }: ContainerInspectInfo): NetnsDialler {
    const key = `${Id} ${State.Pid}`; // another start is another network
    const known = this.#diallers.get(key);
    if (known !== undefined) return known;
    const dialler = new NetnsDialler(State.Pid, () => this.#diallers.delete(key));
    this.#diallers.set(key, dialler);
    return dialler;
  }
}

function dial(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
    const abort = () => socket.destroy(new Error('no answer in time'));
    const settle = () => {
      signal.removeEventListener('abort', abort);
      socket.off('error', fail);
    };
    const fail = (error: Error) => {
      settle();
      reject(error);
    };
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    socket.once('error', fail);
    socket.once('connect', () => {
      settle();
      resolve(socket);
    });
  });
}
