/**
 * Drives one loop: takes a key, observes, plans, executes, and looks again until the plan is empty. Level-triggered: an event only
 * says "look at this key". Start-up and a slow resync enqueue every key, so there is no separate repair code.
 */
import type { Kind } from '../objects/kinds.ts';
import { formatKey, type ObjectKey, parseKey } from '../objects/meta.ts';
import type { Clock } from '../ports/clock.ts';
import { isAbort, isSampanError, messageOf, SampanError } from '../ports/errors.ts';
import type { Log } from '../ports/log.ts';
import type { ObjectChange } from '../ports/object-client.ts';
import type { Random } from '../ports/random.ts';
import { Backoff, type BackoffLimits } from './backoff.ts';
import { KeyedQueue } from './keyed-queue.ts';
import type { Loop, Plan, Trigger } from './reconciler.ts';

/** The store fails for all keys at once and is back for all at once: no key waits long for it, and none is blamed. */
const OUTAGES = ['StoreUnavailable', 'StoreFull', 'ServerUnavailable', 'TooManyRequests'] as const;
const OUTAGE_BACKOFF = { firstMs: 50, mostMs: 2_000 };

const DEFAULTS = { concurrency: 4, resyncMs: 10 * 60_000, backoff: { firstMs: 50, mostMs: 60_000 } };

export interface RunLoopDeps {
  /** Where changes of objects come from: the object cache. */
  readonly cache: { subscribe(listener: (change: ObjectChange<Kind>) => void): () => void };
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface RunLoopOptions {
  readonly resyncMs?: number;
  readonly backoff?: BackoffLimits;
}

/** What the loop last made of a key: the answer to "why is this not done?". */
export interface Explanation {
  readonly because: string;
  /** Set while the last attempt failed. */
  readonly error?: string;
  readonly failures: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export class RunLoop<D, O, A extends { readonly kind: string }> {
  readonly #loop: Loop<D, O, A>;
  readonly #deps: RunLoopDeps;
  readonly #options: Required<RunLoopOptions>;
  readonly #log: Log;
  readonly #queue: KeyedQueue;
  readonly #backoff: Backoff;
  readonly #outageBackoff: Backoff;
  /** What was logged last of each key that keeps failing. */
  readonly #reported = new Map<string, string>();
  readonly #attempts = new Map<string, AbortController>();
  readonly #explanations = new Map<string, Explanation>();
  readonly #workers = new Set<Promise<void>>();
  #stopped = true;

  constructor(loop: Loop<D, O, A>, deps: RunLoopDeps, options: RunLoopOptions = {}) {
    this.#loop = loop;
    this.#deps = deps;
    this.#options = {
      resyncMs: options.resyncMs ?? DEFAULTS.resyncMs,
      backoff: options.backoff ?? DEFAULTS.backoff,
    };
    this.#log = deps.log.with({ loop: loop.reconciler.name });
    this.#queue = new KeyedQueue(deps.clock);
    this.#backoff = new Backoff(this.#options.backoff, deps.random);
    this.#outageBackoff = new Backoff(OUTAGE_BACKOFF, deps.random);
  }

  get name(): string {
    return this.#loop.reconciler.name;
  }

  /** Nothing to do now; timers may be pending. */
  get quiet(): boolean {
    return this.#queue.quiet;
  }

  explain(key: ObjectKey): Explanation | undefined {
    return this.#explanations.get(formatKey(key));
  }

  /** Every key whose last attempt failed, with what went wrong. */
  *troubles(): Iterable<Explanation & { readonly key: string }> {
    for (const [key, explanation] of this.#explanations) {
      if (explanation.error !== undefined) yield { key, ...explanation };
    }
  }

  /** Runs until `signal` aborts, then waits for the attempts under way to end. */
  async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#stopped = false;
    this.#queue.onReady = () => this.#fill();
    const unsubscribe = this.#deps.cache.subscribe((change) => {
      for (const trigger of this.#loop.keysFor(change)) this.#trigger(trigger);
    });
    const outside = this.#loop.watchOutside?.((trigger) => this.#trigger(trigger), signal);
    let cancelResync = () => {};
    const resync = () => {
      for (const key of this.#loop.allKeys()) this.#queue.add(formatKey(key));
      cancelResync = this.#deps.clock.setTimer(this.#options.resyncMs, resync);
    };
    resync();

    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    this.#stopped = true;
    unsubscribe();
    cancelResync();
    this.#queue.clear();
    for (const attempt of this.#attempts.values()) attempt.abort();
    await Promise.all(this.#workers);
    await outside;
  }

  #trigger(trigger: Trigger): void {
    const name = formatKey(trigger.key);
    const { gatherMs = this.#loop.gatherMs } = trigger;
    if (gatherMs === undefined) this.#queue.add(name);
    else this.#queue.addAfter(name, gatherMs);
    if (trigger.supersedes === true) this.#attempts.get(name)?.abort();
  }

  #fill(): void {
    const concurrency = this.#loop.concurrency ?? DEFAULTS.concurrency;
    while (!this.#stopped && this.#workers.size < concurrency) {
      const name = this.#queue.take();
      if (name === undefined) return;
      const work = this.#attempt(name).finally(() => {
        this.#workers.delete(work);
        this.#queue.done(name);
        this.#fill();
      });
      this.#workers.add(work);
    }
  }

  async #attempt(name: string): Promise<void> {
    const attempt = new AbortController();
    this.#attempts.set(name, attempt);
    try {
      await this.#converge(name, attempt.signal);
      this.#backoff.succeeded(name);
      this.#outageBackoff.succeeded(name);
      this.#reported.delete(name);
    } catch (error) {
      this.#failed(name, error, attempt.signal);
    } finally {
      this.#attempts.delete(name);
    }
  }

  /** Observe, plan, execute, until the plan is empty. */
  async #converge(name: string, signal: AbortSignal): Promise<void> {
    const { reconciler } = this.#loop;
    const key = parseKey(name);
    let previous = '';
    for (;;) {
      this.#queue.clean(name);
      const { desired, observed } = await reconciler.observe(key, signal);
      signal.throwIfAborted();
      const plan = reconciler.plan(desired, observed, this.#deps.clock.now());
      this.#explained(name, plan, desired === undefined);
      if (plan.checkAgainAfterMs !== undefined) this.#queue.addAfter(name, plan.checkAgainAfterMs);
      if (plan.actions.length === 0) return;

      const planned = JSON.stringify(plan.actions);
      if (planned === previous && !this.#queue.isDirty(name)) {
        throw new SampanError('NoProgress', {
          loop: reconciler.name,
          key: name,
          count: plan.actions.length,
          because: plan.because,
        });
      }
      previous = planned;
      for (const action of plan.actions) {
        signal.throwIfAborted();
        await reconciler.execute(action, signal);
        const report = this.#loop.routine?.includes(action.kind) ? this.#log.debug : this.#log.info;
        report.call(this.#log, 'executed', { key: name, action: action.kind, because: plan.because });
      }
    }
  }

  #explained(name: string, plan: Plan<A>, gone: boolean): void {
    if (gone && plan.actions.length === 0) this.#explanations.delete(name);
    else this.#explanations.set(name, { because: plan.because, failures: 0, at: this.#deps.clock.now() });
  }

  #failed(name: string, error: unknown, signal: AbortSignal): void {
    if (this.#stopped) return;
    if (signal.aborted || isAbort(error)) {
      this.#queue.add(name);
      return;
    }
    const message = messageOf(error);
    const before = this.#explanations.get(name);
    const retry = !(error instanceof SampanError) || error.retry;
    const backoff = isSampanError(error, ...OUTAGES) ? this.#outageBackoff : this.#backoff;
    const delayMs = retry ? backoff.nextMs(name) : undefined;
    const failures = retry ? backoff.failures(name) : 1;
    this.#explanations.set(name, {
      because: before?.because ?? '',
      error: message,
      failures,
      at: this.#deps.clock.now(),
    });
    if (delayMs !== undefined) this.#queue.addAfter(name, delayMs, 'retry');

    // A lost race and a busy server are everyday life; the same error over and over is said once.
    const quiet = isSampanError(error, 'Conflict', 'TooManyRequests') || this.#reported.get(name) === message;
    this.#reported.set(name, message);
    const report = quiet ? this.#log.debug : this.#log.error;
    report.call(this.#log, 'attempt failed', {
      key: name,
      error: message,
      failures,
      next: delayMs === undefined ? 'waits for a change' : `again in ${delayMs} ms`,
      ...(error instanceof SampanError || !(error instanceof Error) ? {} : { stack: error.stack }),
    });
  }
}
