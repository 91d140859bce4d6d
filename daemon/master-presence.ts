/**
 * Tells the other masters over one etcd where this one serves the API: a Lease object that the store itself removes when its holder is
 * gone, so that no clock is compared with another's. `sampan run` keeps one; the leader makes the Service `kubernetes` lead to all.
 */
import { randomUUID } from 'node:crypto';
import { storedValueOf } from '../reconcilers/kit/registry/stored-object.ts';
import { type ApiServerAddress, apiServerLease } from '../reconcilers/objects/api-server-lease.ts';
import { storeKey } from '../reconcilers/objects/kinds.ts';
import { keyOf } from '../reconcilers/objects/meta.ts';
import { type Clock, sleep } from '../reconcilers/ports/clock.ts';
import { isAbort, messageOf } from '../reconcilers/ports/errors.ts';
import type { Log } from '../reconcilers/ports/log.ts';
import type { Store } from '../reconcilers/ports/store.ts';

/** After so long without its holder it is gone. */
const TTL_SECONDS = 10;
const RETRY_MS = 1_000;

export interface MasterPresenceDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

/** Until `signal` aborts; then it is taken back at once. */
export async function keepPresent(
  node: string,
  place: ApiServerAddress,
  { store, clock, log }: MasterPresenceDeps,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const lease = await store.grantLease(TTL_SECONDS);
      const object = apiServerLease(node, place, { uid: randomUUID(), now: clock.now() });
      const key = storeKey('Lease', keyOf(object));
      const value = storedValueOf(object);
      // What an earlier run of this master left goes with that one's lease.
      await store.commit({ conditions: [], writes: [{ op: 'put', key, value, lease: lease.id }] });
      try {
        do {
          await sleep(clock, (TTL_SECONDS * 1_000) / 3, signal);
          await lease.renew();
        } while ((await store.get(key)) !== undefined); // Somebody may delete it.
      } finally {
        if (signal.aborted) await lease.revoke().catch(() => undefined);
      }
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      log.error('the other masters may not know where this one serves the API', { error: messageOf(error) });
      await sleep(clock, RETRY_MS, signal).catch(() => undefined);
    }
  }
}
