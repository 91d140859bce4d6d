/** Two connections made into one: what comes from each goes to the other. Forwarded ports, proxied upgrades and relays end in it. */
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What both directions listen for on one side; HTTP and TLS have listened before, which Node would take for a leak. */
const LISTENERS = 10;

/**
 * Resolves when both directions have ended, each by itself, or either side broke off; both are gone then. What broke off breaks off for
 * the other side too: an end there would pass for all there was.
 */
export async function joinDirections(one: Duplex, other: Duplex): Promise<void> {
  for (const side of [one, other]) side.setMaxListeners(side.getMaxListeners() + LISTENERS);
  await Promise.allSettled([pipeline(one, other), pipeline(other, one)]);
}
