/**
 * When a probe is made: every periodSeconds, counted from the container's start and the initial delay, so that a restart of the daemon
 * neither hurries nor bunches them. What is awaited is looked at in between, at growing distances, to see soon that it has come; only a
 * success counts then, as if it had been found a period later. Pure but for its own state; a worker keeps one.
 */
import type { ProbeTask } from './probe-task.ts';

const FIRST_GAP_MS = 500;

export class ProbeSchedule {
  readonly #periodMs: number;
  #regularAt: number;
  /** Undefined: nothing is looked at in between. */
  #between: { at: number; gapMs: number } | undefined;

  constructor(task: ProbeTask, now: number) {
    this.#periodMs = task.periodSeconds * 1000;
    const delayMs = task.initialDelaySeconds * 1000;
    // The container's engine may have another clock, and this one may have been set back.
    const startedAt = Math.min(task.startedAt, now);
    // Without a delay the first comes after a period: failureThreshold periods are what a program has to start.
    this.#regularAt = this.#after(startedAt + (delayMs || this.#periodMs), now);
    if (task.isAwaited) this.#between = { at: Math.max(now, startedAt + delayMs), gapMs: FIRST_GAP_MS };
  }

  get nextAt(): number {
    return Math.min(this.#regularAt, this.#between?.at ?? Number.POSITIVE_INFINITY);
  }

  /** Whether the failure of a probe that begins now counts. */
  begin(now: number): boolean {
    const isRegular = now >= this.#regularAt;
    if (isRegular) this.#regularAt = this.#after(this.#regularAt + this.#periodMs, now);
    if (this.#between !== undefined && this.#between.at <= now) {
      const { gapMs } = this.#between;
      this.#between = gapMs < this.#periodMs ? { at: now + gapMs, gapMs: gapMs * 2 } : undefined;
    }
    return isRegular;
  }

  /** It has come: from now on the period is enough. */
  succeeded(): void {
    this.#between = undefined;
  }

  /** A probe took so long that others would have been due: they are left out. */
  ended(now: number): void {
    this.#regularAt = this.#after(this.#regularAt, now);
  }

  /** The first of the regular times from `at` on that is not over. */
  #after(at: number, now: number): number {
    return at >= now ? at : at + Math.ceil((now - at) / this.#periodMs) * this.#periodMs;
  }
}
