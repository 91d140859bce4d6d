/**
 * Keeps the store's history short: what is older than a few minutes, and more than a thousand revisions, is dropped. Runs once per
 * master; a watcher that is slower than that lists again.
 */
import { type Clock, sleep } from '../ports/clock.ts';
import { messageOf } from '../ports/errors.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/store.ts';

const EVERY_MS = 5 * 60_000;
const KEPT_REVISIONS = 1_000;

/** Compacts to where the store was one round ago, as long as `signal` lasts. `revision` tells where it is now. */
export async function compactRegularly(
  deps: { store: Store; revision: () => number; clock: Clock; log: Log },
  signal: AbortSignal,
): Promise<void> {
  const { store, clock, log } = deps;
  let compacted = 0;
  while (!signal.aborted) {
    const before = deps.revision();
    await sleep(clock, EVERY_MS, signal).catch(() => undefined);
    if (signal.aborted || before - compacted < KEPT_REVISIONS) continue;
    try {
      await store.compact(before);
      compacted = before;
    } catch (error) {
      log.error('the history of the store was not compacted; trying again', { error: messageOf(error) });
    }
  }
}
