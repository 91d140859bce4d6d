/**
 * postStart hooks in the background. Begun by the executor of `run-post-start`; how each ended is what the next look at the pod sees. A
 * restart of the daemon forgets it: a container that was never reported as running has its hook run again (docs/decisions/0052).
 */
import { keyOf } from '../../objects/meta.ts';
import { isSampanError } from '../../ports/errors.ts';
import type { Log } from '../../ports/log.ts';
import type { RunPostStart, StatusEvent } from '../actions.ts';
import type { ContainerView } from '../container-view.ts';
import type { HookState } from '../observation.ts';
import type { Wakeups } from '../wakeups.ts';
import { type HookDeps, runHook } from './run-hook.ts';

export interface PostStartHooksDeps extends HookDeps {
  readonly view: ContainerView;
  readonly wakeups: Wakeups;
  readonly log: Log;
}

export class PostStartHooks {
  readonly #deps: PostStartHooksDeps;
  readonly #states = new Map<string, HookState>();

  constructor(deps: PostStartHooksDeps) {
    this.#deps = deps;
  }

  /** Of container `id`, where its hook was begun by this daemon. */
  stateOf(id: string): HookState | undefined {
    return this.#states.get(id);
  }

  /** Never throws; the hook goes on after it returns. */
  begin(action: RunPostStart, announce: (event: StatusEvent) => void): void {
    for (const id of this.#states.keys()) if (this.#deps.view.get(id) === undefined) this.#states.delete(id);
    this.#states.set(action.id, 'running');
    void this.#run(action, announce);
  }

  async #run({ pod, container, id, handler }: RunPostStart, announce: (event: StatusEvent) => void): Promise<void> {
    const { view, wakeups, log } = this.#deps;
    try {
      const problem = await runHook(id, handler, this.#deps, wakeups.signal);
      if (problem === undefined) this.#states.set(id, 'done');
      else {
        this.#states.set(id, 'failed');
        log.debug('a postStart hook failed', { pod: pod.name, container, problem });
        // Why is not said where everybody can read it: a command may have printed a secret.
        announce({ type: 'Warning', reason: 'FailedPostStartHook', message: 'PostStartHook failed' });
      }
    } catch (error) {
      // It is due again when Docker is back.
      this.#states.delete(id);
      if (isSampanError(error, 'RuntimeUnavailable')) view.lost(error);
    }
    wakeups.pod(keyOf({ metadata: pod }));
  }
}
