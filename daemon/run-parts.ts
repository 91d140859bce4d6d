/** How a daemon's parts run side by side until it is told to stop; `sampan run` and `sampan agent` end as this says. */
import type { ObjectCache } from '../reconcilers/kit/object-cache.ts';
import { isAbort } from '../reconcilers/ports/errors.ts';

const KEEP_ALIVE_MS = 3_600_000;

export type Part = (signal: AbortSignal) => Promise<void>;

/**
 * Runs the loops once the cache has its first list; before that they would take "not seen yet" for "not there". Ends when `signal`
 * aborts and all have ended; what cannot be started ends all.
 */
export async function runParts(cache: ObjectCache, parts: readonly Part[], signal: AbortSignal): Promise<void> {
  while (cache.revision === 0 && !signal.aborted) await cache.reached(1).catch(() => undefined);
  const failed = new AbortController();
  const ends = AbortSignal.any([signal, failed.signal]);
  const running = parts.map((part) =>
    part(ends).catch((error: unknown) => {
      failed.abort();
      if (!isAbort(error)) throw error;
    }),
  );
  const outcomes = await Promise.allSettled(running);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** The clock's timers do not keep the process alive: something must, while nothing listens or nobody is connected. */
export async function keepingAlive<T>(work: Promise<T>): Promise<T> {
  const alive = setInterval(() => {}, KEEP_ALIVE_MS);
  try {
    return await work;
  } finally {
    clearInterval(alive);
  }
}
