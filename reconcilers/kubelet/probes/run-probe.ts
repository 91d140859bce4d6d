/**
 * One probe, once: through the runtime where it is a command, else over the network. Called by the workers. Source:
 * pkg/kubelet/prober/prober.go, pkg/probe/exec
 */
import { type Clock, sleep } from '../../ports/clock.ts';
import type { ContainerRuntime } from '../../ports/container-runtime.ts';
import { isSampanError, messageOf } from '../../ports/errors.ts';
import type { ProbeAnswer, Prober } from '../../ports/prober.ts';
import { startCommand } from '../handlers/command.ts';
import type { ProbeTask } from './probe-task.ts';

export interface ProbeDeps {
  readonly runtime: ContainerRuntime;
  readonly prober: Prober;
  readonly clock: Clock;
}

/** `error`: nothing is known, and why. Undefined where that is nobody's fault: the engine is away, the container has just ended. */
export type ProbeOutcome = ProbeAnswer | { readonly outcome: 'error'; readonly output: string } | undefined;

/** Throws where `signal` aborts. */
export async function runProbe(task: ProbeTask, deps: ProbeDeps, signal: AbortSignal): Promise<ProbeOutcome> {
  const { handler } = task;
  const limits = { timeoutMs: task.timeoutSeconds * 1000, signal };
  switch (handler.kind) {
    case 'exec':
      return probeByCommand(task.id, handler.command, deps, limits);
    case 'http':
      return deps.prober.http({ ...handler.target, purpose: 'probe' }, limits);
    case 'tcp':
      return deps.prober.tcp(handler.target, limits);
    case 'grpc':
      return deps.prober.grpc(handler.target, handler.service, limits);
    case 'impossible':
      return { outcome: 'error', output: handler.problem };
    default:
      return { outcome: 'error', output: `a probe cannot be of the kind ${handler.kind}` };
  }
}

async function probeByCommand(
  id: string,
  command: readonly string[],
  { runtime, clock }: ProbeDeps,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<ProbeOutcome> {
  const running = startCommand(runtime, id, command);
  const over = new AbortController();
  const timeout = sleep(clock, timeoutMs, AbortSignal.any([signal, over.signal])).then(() => undefined);
  try {
    const end = await Promise.race([running.ended, timeout]);
    if (end !== undefined) return { outcome: end.exitCode === 0 ? 'success' : 'failure', output: end.output };
    return {
      outcome: 'failure',
      output: `command timed out: "${command.join(' ')}" timed out after ${timeoutMs / 1000}s`,
    };
  } catch (error) {
    signal.throwIfAborted();
    if (isSampanError(error, 'RuntimeUnavailable', 'ContainerMissing', 'ContainerRefused')) return undefined;
    return { outcome: 'error', output: messageOf(error) };
  } finally {
    over.abort();
    timeout.catch(() => undefined);
    running.ended.catch(() => undefined);
    // What hangs is ended, and nobody waits for that.
    void running.close().catch(() => undefined);
  }
}
