/**
 * The lease that makes Events vanish after an hour. Events written within a few minutes share one, as in Kubernetes' API server,
 * so that leases do not grow with events.
 */
import type { Clock } from '../../ports/clock.ts';
import type { LeaseId, Store } from '../../ports/store.ts';

const TTL_SECONDS = 3_600;
const SHARED_MS = 5 * 60_000;

export class EventLease {
  readonly #store: Store;
  readonly #clock: Clock;
  #current: { id: Promise<LeaseId>; until: number } | undefined;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** A lease with at least an hour to go. */
  id(): Promise<LeaseId> {
    const now = this.#clock.now();
    if (this.#current === undefined || this.#current.until <= now) {
      const id = this.#store.grantLease(TTL_SECONDS + SHARED_MS / 1000).then((lease) => lease.id);
      this.#current = { id, until: now + SHARED_MS };
      id.catch(() => {
        this.#current = undefined;
      });
    }
    return this.#current.id;
  }
}
