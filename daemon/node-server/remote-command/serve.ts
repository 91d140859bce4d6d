/**
 * `/exec/...` and `/attach/...`: a process's streams and the client's, joined. Whoever asked is looked at first, while the
 * connection is still HTTP; what goes wrong later is told on the error stream.
 */
import type { Pod } from '../../../reconcilers/objects/pod.ts';
import type { Clock } from '../../../reconcilers/ports/clock.ts';
import type { ContainerSession, ExecSession, ExecSpec } from '../../../reconcilers/ports/container-runtime.ts';
import { messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';
import type { Log } from '../../../reconcilers/ports/log.ts';
import { isFlagSet } from '../../serving/query-flag.ts';
import { isWebSocket, type Upgrade } from '../../serving/upgrade.ts';
import type { PodContainers } from '../pod-containers.ts';
import type { RemoteClient } from './client.ts';
import { exitStatus, failureStatus, type RemoteStatus, SUCCESS } from './remote-status.ts';
import { acceptSpdyClient } from './spdy-client.ts';
import { acceptWebSocketClient } from './websocket-client.ts';

export interface RemoteCommandDeps {
  readonly containers: PodContainers;
  readonly clock: Clock;
  readonly log: Log;
}

export interface RemoteCommandAsked {
  readonly action: 'exec' | 'attach';
  readonly pod: Pod;
  readonly container: string;
  readonly query: URLSearchParams;
}

/** Throws what is to be answered as HTTP; once it has upgraded, nothing. */
export async function serveRemoteCommand(
  upgrade: Upgrade,
  asked: RemoteCommandAsked,
  { containers, clock, log }: RemoteCommandDeps,
): Promise<void> {
  const { action, pod, container } = asked;
  const spec = specOf(asked);
  const id = await containers.running(pod, container);
  const remote = isWebSocket(upgrade.request)
    ? await acceptWebSocketClient(upgrade, spec, clock)
    : await acceptSpdyClient(upgrade, spec, clock);

  const { runtime } = containers;
  const open = () => (action === 'exec' ? runtime.exec(id, spec) : runtime.attach(id, spec));
  const status = await run(open, remote, upgrade.signal, (error) => {
    const { namespace, name } = pod.metadata;
    log.error(`${action} left something behind`, { pod: `${namespace}/${name}`, container, error: messageOf(error) });
  });
  if (upgrade.signal.aborted) remote.destroy();
  else await remote.finish(status);
}

/** Opens the session, relays, and closes it, whatever happens; answers how it ended. */
async function run(
  open: () => Promise<ContainerSession | ExecSession>,
  remote: RemoteClient,
  gone: AbortSignal,
  leftBehind: (error: unknown) => void,
): Promise<RemoteStatus> {
  let session: ContainerSession | ExecSession;
  try {
    session = await open();
  } catch (error) {
    return failureStatus(error);
  }
  const leave = () => session.close().catch(leftBehind);
  gone.addEventListener('abort', leave, { once: true });
  if (gone.aborted) void leave();
  try {
    return await relay(session, remote);
  } catch (error) {
    return failureStatus(error);
  } finally {
    gone.removeEventListener('abort', leave);
    await leave();
  }
}

/** Ends with the process's output and, of an exec, the process. */
async function relay(session: ContainerSession | ExecSession, remote: RemoteClient): Promise<RemoteStatus> {
  void passStdin(session, remote);
  void passSizes(session, remote);
  for await (const { stream, data } of session.output) await remote.write(stream, data);
  return 'exitCode' in session ? exitStatus(await session.exitCode()) : SUCCESS;
}

async function passStdin(session: ContainerSession, { stdin }: RemoteClient): Promise<void> {
  for await (const data of stdin) await session.write(data);
  session.closeStdin();
}

async function passSizes(session: ContainerSession, { sizes }: RemoteClient): Promise<void> {
  // An engine that is gone is told by the output's end.
  for await (const size of sizes) await session.resize(size).catch(() => {});
}

/** The kubelet's names of the parameters, not the API server's. */
function specOf({ query, action }: RemoteCommandAsked): ExecSpec {
  const [stdin, stdout, tty] = ['input', 'output', 'tty'].map((name) => isFlagSet(query, name)) as [
    boolean,
    boolean,
    boolean,
  ];
  const stderr = isFlagSet(query, 'error') && !tty; // a terminal has one output
  if (!stdin && !stdout && !stderr) {
    throw new SampanError('BadRequest', { detail: 'you must specify at least 1 of stdin, stdout, stderr' });
  }
  const command = query.getAll('command');
  if (action === 'exec' && command.length === 0) {
    throw new SampanError('BadRequest', { detail: 'you must specify at least one command for the container' });
  }
  return { command, tty, stdin, stdout, stderr };
}
