/** One forwarded connection: a client's two directions joined with a socket inside the pod. */
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Resolves when both directions have ended, each by itself, or either side broke off; both are gone then. What broke off breaks off for
 * the other side too: an end there would pass for all there was.
 */
export async function joinDirections(client: Duplex, pod: Duplex): Promise<void> {
  await Promise.allSettled([pipeline(client, pod), pipeline(pod, client)]);
}
