/**
 * Carries a hook out: a command that must succeed, a request that must be answered, with whatever, or a pause. Called by the hooks at a
 * container's start and end. Source: pkg/kubelet/lifecycle/handlers.go
 */
import { type Clock, sleep } from '../../ports/clock.ts';
import type { ContainerRuntime } from '../../ports/container-runtime.ts';
import { isSampanError, messageOf } from '../../ports/errors.ts';
import type { Prober } from '../../ports/prober.ts';
import { startCommand } from '../handlers/command.ts';
import type { Handler } from '../handlers/handler.ts';

export interface HookDeps {
  readonly runtime: ContainerRuntime;
  readonly prober: Prober;
  readonly clock: Clock;
}

/**
 * Answers what went wrong, undefined where nothing did. Throws RuntimeUnavailable, and where `signal` aborts; a command that runs then
 * is let be: it belongs to the container.
 */
export async function runHook(
  id: string,
  handler: Handler,
  { runtime, prober, clock }: HookDeps,
  signal: AbortSignal,
): Promise<string | undefined> {
  switch (handler.kind) {
    case 'exec': {
      try {
        const { exitCode, output } = await orAborted(startCommand(runtime, id, handler.command).ended, signal);
        return exitCode === 0 ? undefined : `the command ended with ${exitCode}: ${output}`;
      } catch (error) {
        if (signal.aborted || isSampanError(error, 'RuntimeUnavailable')) throw error;
        return messageOf(error);
      }
    }
    case 'http': {
      const { status, output } = await prober.http({ ...handler.target, purpose: 'lifecycle' }, { signal });
      return status === undefined ? output : undefined;
    }
    case 'sleep':
      await sleep(clock, handler.seconds * 1000, signal);
      return undefined;
    case 'impossible':
      return handler.problem;
    default:
      return `a hook cannot be of the kind ${handler.kind}`;
  }
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
    work.catch(() => undefined);
  }
}
