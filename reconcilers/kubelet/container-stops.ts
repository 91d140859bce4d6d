/**
 * Stops in the background: a grace period of 30 s must not occupy a worker. Begun by the executor of `stop-containers`; when the
 * container is down, the view has read it anew and the pod is back in the queue.
 */
import type { ObjectKey } from '../objects/meta.ts';
import { type Clock, sleep } from '../ports/clock.ts';
import type { ContainerRuntime } from '../ports/container-runtime.ts';
import { isSampanError, messageOf } from '../ports/errors.ts';
import type { Log } from '../ports/log.ts';
import type { ContainerStop, StatusEvent } from './actions.ts';
import type { ContainerView } from './container-view.ts';
import { LEAST_GRACE_SECONDS } from './ending.ts';
import type { PreStopHooks } from './hooks/pre-stop-hooks.ts';
import type { Wakeups } from './wakeups.ts';

/** Before a stop that Docker failed to carry out is planned again. */
const RETRY_MS = 1_000;

type Announce = (event: StatusEvent) => void;

export interface ContainerStopsDeps {
  readonly runtime: ContainerRuntime;
  readonly view: ContainerView;
  readonly preStops: PreStopHooks;
  readonly wakeups: Wakeups;
  readonly clock: Clock;
  readonly log: Log;
}

export class ContainerStops {
  readonly #deps: ContainerStopsDeps;
  readonly #endsAt = new Map<string, number>();

  constructor(deps: ContainerStopsDeps) {
    this.#deps = deps;
  }

  /** When the grace period of a container that is being stopped ends; undefined where it is not. */
  endsAt(id: string): number | undefined {
    return this.#endsAt.get(id);
  }

  /** A second, shorter stop of the same container overtakes the first. */
  begin(pod: ObjectKey, stop: ContainerStop, announce: Announce): void {
    const { id, graceSeconds } = stop;
    const endsAt = this.#deps.clock.now() + graceSeconds * 1000;
    const known = this.#endsAt.get(id);
    if (known !== undefined && known <= endsAt) return;
    this.#endsAt.set(id, endsAt);
    void this.#stop(pod, stop, endsAt, announce);
  }

  async #stop(pod: ObjectKey, stop: ContainerStop, endsAt: number, announce: Announce): Promise<void> {
    const { runtime, view, wakeups, clock, log, preStops } = this.#deps;
    const { id, preStop } = stop;
    let { graceSeconds } = stop;
    try {
      if (preStop !== undefined) {
        await preStops.run(id, preStop, endsAt, announce);
        if (this.#endsAt.get(id) !== endsAt) return;
        graceSeconds = Math.max(LEAST_GRACE_SECONDS, Math.ceil((endsAt - clock.now()) / 1000));
      }
      await view.hold(id, async () => {
        await runtime.stop(id, graceSeconds);
        await view.refresh(id);
      });
    } catch (error) {
      if (isSampanError(error, 'RuntimeUnavailable')) view.lost(error);
      else log.error('a container could not be stopped; trying again', { container: id, error: messageOf(error) });
      await sleep(clock, RETRY_MS, wakeups.signal).catch(() => undefined);
    }
    if (this.#endsAt.get(id) === endsAt) this.#endsAt.delete(id);
    wakeups.pod(pod);
  }
}
