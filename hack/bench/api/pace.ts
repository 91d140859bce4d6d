/** Calls something so many times a second, evenly, no matter how long it takes: what the server under measure and the floor both do. */
import { setTimeout as delay } from 'node:timers/promises';

/** Two milliseconds apart at 500 a second: a burst would measure how long its last one waits for its first. */
const STEP_MS = 1;

export async function paced(perSecond: number, seconds: number, call: (index: number) => unknown): Promise<void> {
  const all: Promise<unknown>[] = [];
  const start = performance.now();
  while (all.length < perSecond * seconds) {
    const due = Math.min(perSecond * seconds, Math.floor(((performance.now() - start) / 1000) * perSecond));
    while (all.length < due) all.push(Promise.resolve(call(all.length)));
    await delay(STEP_MS);
  }
  await Promise.all(all);
}
