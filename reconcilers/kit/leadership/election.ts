/**
 * Which of several masters leads: who holds one key of the store, under a lease that ends with its holder. The daemon campaigns for as
 * long as it runs and does the leader's work while it has won. That a leader who was paused cannot write is the fence's doing
 * (fenced-store.ts), not this file's: whatever a clock says here, no write depends on it.
 */
import { type Clock, sleep } from '../../ports/clock.ts';
import { isAbort, isSampanError, messageOf } from '../../ports/errors.ts';
import type { Log } from '../../ports/log.ts';
import type { Condition, Store, StoredValue, StoreLease } from '../../ports/store.ts';

/** Below the store's root, beside the objects. */
export const LEADER_KEY = '/sampan/leader';

const RETRY_MS = 1_000;

export interface ElectionDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ElectionOptions {
  /** Of this master, the same after a restart: who finds its own name on the key goes on at once. */
  readonly identity: string;
  /** After so long without its holder the key is free. */
  readonly ttlSeconds: number;
}

/** One time of leading. */
export interface Term {
  /** True as long as nobody else has led since. */
  readonly fence: Condition;
  /** Aborts when the term is over, or may be. */
  readonly signal: AbortSignal;
  /** Somebody has found out that it is over. */
  end(): void;
}

export class Election {
  readonly #deps: ElectionDeps;
  readonly #options: ElectionOptions;
  #leader: string | undefined;

  constructor(deps: ElectionDeps, options: ElectionOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Who leads, as far as is known here. */
  get leader(): string | undefined {
    return this.#leader;
  }

  /**
   * Campaigns until `signal` aborts. `lead` is called for each term won and must end soon after the term's signal has aborted; the next
   * campaign begins then. A term that ends in order frees the key at once.
   */
  async run(lead: (term: Term) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { log } = this.#deps;
    while (!signal.aborted) {
      try {
        const won = await this.#campaign(signal);
        if (won === undefined) continue;
        await this.#serve(won, lead, signal);
      } catch (error) {
        if (isAbort(error) || signal.aborted) return;
        if (!isSampanError(error)) throw error;
        log.error('the election waits for the store', { error: messageOf(error) });
        await sleep(this.#deps.clock, RETRY_MS, signal).catch(() => undefined);
      }
    }
  }

  /** One try; where somebody else holds the key, it is over when the key is free. */
  async #campaign(signal: AbortSignal): Promise<{ lease: StoreLease; fence: Condition; since: number } | undefined> {
    const { store, clock } = this.#deps;
    const { identity, ttlSeconds } = this.#options;
    const held = await store.get(LEADER_KEY);
    this.#leader = held === undefined ? undefined : holderOf(held);
    if (held !== undefined && this.#leader !== identity) {
      await this.#untilFree(held, signal);
      return undefined;
    }
    const since = clock.now();
    const lease = await store.grantLease(ttlSeconds);
    const value = JSON.stringify({ holder: identity, since: new Date(since).toISOString() });
    const outcome = await store.commit({
      conditions: [{ key: LEADER_KEY, modRevision: held?.modRevision ?? 0 }],
      writes: [{ op: 'put', key: LEADER_KEY, value, lease: lease.id }],
    });
    if (outcome.committed) return { lease, fence: { key: LEADER_KEY, modRevision: outcome.revision }, since };
    await lease.revoke();
    return undefined;
  }

  async #untilFree({ modRevision }: StoredValue, signal: AbortSignal): Promise<void> {
    for await (const { events } of this.#deps.store.watch(LEADER_KEY, { after: modRevision, signal })) {
      for (const event of events) if (event.type === 'put') this.#leader = holderOf(event.value);
      if (events.at(-1)?.type === 'delete') return;
    }
  }

  async #serve(
    { lease, fence, since }: { lease: StoreLease; fence: Condition; since: number },
    lead: (term: Term) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const { log } = this.#deps;
    const { identity } = this.#options;
    const over = new AbortController();
    const term: Term = { fence, signal: AbortSignal.any([signal, over.signal]), end: () => over.abort() };
    this.#leader = identity;
    log.info('this master leads', { identity });
    const renewing = this.#keep(lease, since, term);
    try {
      await lead(term);
    } finally {
      term.end();
      await renewing;
      log.info('this master leads no longer', { identity });
      await lease.revoke().catch(() => undefined);
    }
  }

  /** Renews until the term is over, and ends it when the lease may have run out. */
  async #keep(lease: StoreLease, since: number, term: Term): Promise<void> {
    const { clock, log } = this.#deps;
    const ttlMs = lease.ttlSeconds * 1000;
    let renewedAt = since;
    let waitMs = ttlMs / 3;
    while (!term.signal.aborted) {
      try {
        await sleep(clock, Math.max(0, Math.min(waitMs, renewedAt + ttlMs - clock.now())), term.signal);
        const asked = clock.now();
        await lease.renew();
        renewedAt = asked;
        waitMs = ttlMs / 3;
      } catch (error) {
        if (term.signal.aborted) return;
        const isOver = isSampanError(error, 'NotFound') || clock.now() >= renewedAt + ttlMs;
        log.error(isOver ? 'leadership is lost' : 'leadership cannot be renewed yet', { error: messageOf(error) });
        if (isOver) return term.end();
        waitMs = RETRY_MS;
      }
    }
  }
}

function holderOf({ value }: StoredValue): string {
  return (JSON.parse(value) as { holder: string }).holder;
}
