/**
 * Follows what a container runtime tells of itself, over its absences: for loops that look at something when it says that something
 * has happened. Never throws.
 */
import { type Clock, sleep } from '../ports/clock.ts';
import type { ContainerRuntime, RuntimeEvent } from '../ports/container-runtime.ts';
import { messageOf } from '../ports/errors.ts';

const RECONNECT_MS = { first: 100, most: 5_000 };

export interface EventFollower {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  /** As in {@link ContainerRuntime.events}. */
  readonly label: string;
  /** What it throws counts as the end of the stream, which is then begun anew; so does an abort of `session`. */
  onEvent(event: RuntimeEvent, session: AbortController): Promise<void> | void;
  /** The stream has broken off, or could not be had. */
  onLost?(message: string): void;
}

/** Until `signal` aborts. */
export async function followEvents(follower: EventFollower, signal: AbortSignal): Promise<void> {
  const { runtime, clock, label, onLost = () => {} } = follower;
  let failures = 0;
  while (!signal.aborted) {
    const session = new AbortController();
    try {
      for await (const event of runtime.events(label, AbortSignal.any([signal, session.signal]))) {
        await follower.onEvent(event, session);
        failures = 0;
      }
      if (!signal.aborted) onLost('its event stream has ended');
    } catch (error) {
      if (!signal.aborted) onLost(messageOf(error));
    } finally {
      session.abort();
    }
    const delayMs = Math.min(RECONNECT_MS.most, RECONNECT_MS.first * 2 ** failures);
    failures += 1;
    await sleep(clock, delayMs, signal).catch(() => undefined);
  }
}
