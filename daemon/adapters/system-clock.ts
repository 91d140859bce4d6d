/** The machine's own time. Everything that waits in the daemon waits through it. */
import type { Clock } from '../../reconcilers/ports/clock.ts';

/** The longest delay setTimeout takes. */
const MOST_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(ms, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(0, ms), MOST_MS));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
