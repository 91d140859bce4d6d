/**
 * The one shape every loop has: observe, plan, execute. The run loop drives it, tests call `plan` alone. A reconciler keeps no
 * state of its own that a restart would miss.
 */
import type { Kind } from '../objects/kinds.ts';
import type { ObjectKey } from '../objects/meta.ts';
import type { ObjectChange } from '../ports/object-client.ts';

export interface Reconciler<D, O, A extends { readonly kind: string }> {
  /** The loop's name in logs, events and `sampan status`: `replication`. */
  readonly name: string;
  /** All reads. `desired` undefined: the object is gone. */
  observe(key: ObjectKey, signal: AbortSignal): Promise<Observation<D, O>>;
  /** Pure: no I/O, no clock, no randomness, no logging. `now` in milliseconds since the epoch. */
  plan(desired: D | undefined, observed: O, now: number): Plan<A>;
  /** One action; safe to repeat after a crash at any point. */
  execute(action: A, signal: AbortSignal): Promise<void>;
}

export interface Observation<D, O> {
  readonly desired: D | undefined;
  readonly observed: O;
}

export interface Plan<A> {
  /** In order; empty means settled. */
  readonly actions: readonly A[];
  /** The sentence shown to the user: `2 of 3 replicas exist`. */
  readonly because: string;
  /** Look again after so long even if nothing happens (a timer, not a retry). */
  readonly checkAgainAfterMs?: number;
}

/** A loop as assembled: the reconciler, and which keys a change of an object concerns. */
export interface Loop<D, O, A extends { readonly kind: string }> {
  readonly reconciler: Reconciler<D, O, A>;
  /** Keys that may be touched in parallel; default 4. */
  readonly concurrency?: number;
  /** Actions that belong to being at rest (a heartbeat): logged as debug, so that a settled daemon is silent. */
  readonly routine?: readonly A['kind'][];
  /** Changes that come within so long of each other are looked at once; for what nobody waits for. Default 0. */
  readonly gatherMs?: number;
  /** Every key there is: enqueued at the start and at each slow resync. */
  allKeys(): Iterable<ObjectKey>;
  /** Which keys to look at after a change of a cached object. */
  keysFor(change: ObjectChange<Kind>): Iterable<Trigger>;
  /**
   * Events from outside the store (a runtime's, a source's): calls `enqueue` until `signal` aborts; survives errors by itself.
   */
  watchOutside?(enqueue: (trigger: Trigger) => void, signal: AbortSignal): Promise<void>;
}

/** `supersedes`: the running attempt for this key works for an outdated wish and is called off. */
export interface Trigger {
  readonly key: ObjectKey;
  readonly supersedes?: boolean;
  /** In place of the loop's own: this news may wait so long for more; news that may not takes it along. */
  readonly gatherMs?: number;
}

/** A mapped type of executors: a forgotten action does not compile. */
export type Executors<A extends { readonly kind: string }> = {
  readonly [K in A['kind']]: (action: Extract<A, { readonly kind: K }>, signal: AbortSignal) => Promise<void>;
};

/** Carries `action` out through the executor of its kind. */
export function executeWith<A extends { readonly kind: string }>(
  executors: Executors<A>,
  action: A,
  signal: AbortSignal,
): Promise<void> {
  const executor = executors[action.kind as A['kind']] as (action: A, signal: AbortSignal) => Promise<void>;
  return executor(action, signal);
}
