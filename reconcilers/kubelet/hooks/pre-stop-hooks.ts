/**
 * preStop hooks, each run once before its container is told to stop, for as long as the grace period lasts. Called by container-stops.ts.
 * A daemon that starts while a container stops runs its hook again: nothing tells how far it got (docs/decisions/0052).
 */
import { type Clock, sleep } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { StatusEvent } from '../actions.ts';
import type { ContainerView } from '../container-view.ts';
import type { Handler } from '../handlers/handler.ts';
import type { Wakeups } from '../wakeups.ts';
import { type HookDeps, runHook } from './run-hook.ts';

export interface PreStopHooksDeps extends HookDeps {
  readonly view: ContainerView;
  readonly wakeups: Wakeups;
  readonly clock: Clock;
  readonly log: Log;
}

export class PreStopHooks {
  readonly #deps: PreStopHooksDeps;
  readonly #begun = new Map<string, Promise<void>>();

  constructor(deps: PreStopHooksDeps) {
    this.#deps = deps;
  }

  /** Resolves when the hook has ended, or `until` has come. Throws RuntimeUnavailable: then it counts as not run. */
  async run(id: string, handler: Handler, until: number, announce: (event: StatusEvent) => void): Promise<void> {
    const { view, clock, wakeups } = this.#deps;
    for (const known of this.#begun.keys()) if (view.get(known)?.state !== 'running') this.#begun.delete(known);
    const hook = this.#begun.get(id) ?? this.#run(id, handler, announce);
    this.#begun.set(id, hook);
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, wakeups.signal]);
    try {
      await Promise.race([hook, sleep(clock, Math.max(0, until - clock.now()), signal)]);
    } catch (error) {
      this.#begun.delete(id);
      throw error;
    } finally {
      over.abort();
      hook.catch(() => undefined);
    }
  }

  async #run(id: string, handler: Handler, announce: (event: StatusEvent) => void): Promise<void> {
    const { view, wakeups, log } = this.#deps;
    const problem = await runHook(id, handler, this.#deps, wakeups.signal);
    if (problem === undefined) return;
    // A hook may be what ends its container, and then goes with it.
    await view.refresh(id);
    if (view.get(id)?.state !== 'running') return;
    log.debug('a preStop hook failed', { container: id, problem });
    announce({ type: 'Warning', reason: 'FailedPreStopHook', message: 'PreStopHook failed' });
  }
}
