/**
 * How often routes change for further endpoints alone: at once, and at once again, then in pauses that double from an eighth of a
 * second to one second, so that fifty pods that come up together are not fifty changes. kube-proxy has a burst of two and its
 * `minSyncPeriod`, one second. The loop's index.ts tells it of each change, observe.ts asks it; it keeps nothing that a restart
 * would miss.
 */
const PAUSE_MS = { first: 125, most: 1000 };
/** After so long without a change the next one waits for nothing. */
const REST_MS = 1000;

export class Pace {
  #changedAt = Number.NEGATIVE_INFINITY;
  #pauseMs = 0;

  /** The routes are changed now. */
  changed(now: number): void {
    const followsClosely = now < this.#changedAt + this.#pauseMs + REST_MS;
    this.#pauseMs = followsClosely ? Math.min(PAUSE_MS.most, Math.max(PAUSE_MS.first, this.#pauseMs * 2)) : 0;
    this.#changedAt = now;
  }

  /** Until when further endpoints are gathered: milliseconds since the epoch, not later than a pause from `now`. */
  gatherUntil(now: number): number {
    this.#changedAt = Math.min(this.#changedAt, now); // the wall clock may have been set back
    return this.#changedAt + this.#pauseMs;
  }
}
