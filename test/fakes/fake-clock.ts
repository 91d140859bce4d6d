/** A clock that stands until told: scenarios and unit tests advance it. Timers fire in order of their time. */
import type { CancelTimer, Clock } from '../../reconcilers/ports/clock.ts';

export class FakeClock implements Clock {
  #now: number;
  #timers: { at: number; sequence: number; callback: () => void }[] = [];
  #sequence = 0;

  constructor(now = Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  setTimer(ms: number, callback: () => void): CancelTimer {
    const timer = { at: this.#now + Math.max(0, ms), sequence: this.#sequence++, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Milliseconds until the next timer; undefined where none waits. */
  get nextTimerMs(): number | undefined {
    return this.#timers.length === 0 ? undefined : Math.min(...this.#timers.map((t) => t.at)) - this.#now;
  }

  /** The clock is set forward, or the process stood still for `ms`: no timer fires before the next advance, and then late. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** Moves on by `ms`, firing what is due on the way, and lets promises settle after each timer. */
  async advance(ms: number): Promise<void> {
    await settle();
    const until = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter((t) => t.at <= until).sort((a, b) => a.at - b.at || a.sequence - b.sequence)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
      await settle();
    }
    this.#now = until;
    await settle();
  }
}

/** Lets everything that is ready to run, run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
