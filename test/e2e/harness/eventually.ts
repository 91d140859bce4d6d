/**
 * Waits on a condition with a deadline: what tests do instead of sleeping. Called by tests, the harness and benchmarks;
 * it never swallows why the condition did not hold.
 */
import { setTimeout as delay } from 'node:timers/promises';

export interface EventuallyOptions {
  /** What is waited for, as the end of the sentence "waited 10000 ms for ...". */
  readonly describe: string;
  /** 10 s without it. */
  readonly timeoutMs?: number;
  /** The pause between two looks. Without it a tenth of what was waited so far, from 20 to 100 ms: looking costs those who work, too. */
  readonly everyMs?: number;
}

/**
 * Calls `condition` until it gives something other than undefined or false, and resolves to that. A condition that throws
 * (an assertion, a refused connection) is tried again; at the deadline the last reason is the error's message and cause.
 */
export async function eventually<T>(
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  options: EventuallyOptions,
): Promise<T> {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const since = performance.now();
  for (;;) {
    let reason: unknown;
    try {
      const value = await condition();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      reason = error;
    }
    const waitedMs = performance.now() - since;
    if (waitedMs >= timeoutMs) {
      const last = reason instanceof Error ? `; last: ${reason.message}` : '';
      throw new Error(`waited ${timeoutMs} ms for ${options.describe}${last}`, { cause: reason });
    }
    await delay(options.everyMs ?? Math.min(100, Math.max(20, waitedMs / 10)));
  }
}
