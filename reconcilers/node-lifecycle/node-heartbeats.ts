/**
 * How long each node has been silent, by this process's own timers: neither the node's clock nor a jump of ours counts, and a
 * process that just started, or was stopped for a while, begins anew rather than evict on old news. The observer tells it what it
 * sees; it wakes the loop when a silence has lasted long enough. Kubernetes does the same (now minus probeTimestamp).
 */
import type { CancelTimer, Clock } from '../ports/clock.ts';

/**
 * `alive`: heard of lately. `silent`: not for the grace period. `lost`: and not for the eviction timeout after that, while other
 * nodes were heard.
 */
export type Liveness = 'alive' | 'silent' | 'lost';

export interface HeartbeatTimes {
  /** Silence after which a node is no longer trusted to run. */
  readonly graceMs: number;
  /** Further silence after which its pods are given up. */
  readonly evictionMs: number;
}

interface Heard {
  /** What changes with each heartbeat. */
  readonly beat: string;
  readonly times: HeartbeatTimes;
  liveness: Liveness;
  cancel: CancelTimer;
}

/** A timer that fires so much late says that this process stood still, and so heard nobody. */
const LATE_MS = 2_000;

export class NodeHeartbeats {
  readonly #clock: Clock;
  readonly #nodes = new Map<string, Heard>();
  #wake: (node: string) => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Forgets everything and from now on calls `wake` when a node's liveness changes, until `signal` aborts. */
  async run(wake: (node: string) => void, signal: AbortSignal): Promise<void> {
    this.#forgetAll();
    this.#wake = wake;
    if (!signal.aborted) {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    }
    this.#forgetAll();
  }

  /** Takes note of a node's last heartbeat, whatever it looks like; a change of it is a sign of life. */
  livenessOf(node: string, beat: string, times: HeartbeatTimes): Liveness {
    const known = this.#nodes.get(node);
    if (known?.beat === beat) return known.liveness;
    // All were silent, and now one is heard: it was this process that heard nothing. The others get a new chance.
    const wasDeaf = known !== undefined && this.#allSilent();
    known?.cancel();
    this.#start(node, { beat, times, liveness: 'alive', cancel: () => {} });
    if (wasDeaf) for (const [other, heard] of this.#nodes) if (other !== node) this.#start(other, heard);
    return 'alive';
  }

  forget(node: string): void {
    this.#nodes.get(node)?.cancel();
    this.#nodes.delete(node);
  }

  /** (Re)starts the clock of the state that the node is in. */
  #start(node: string, heard: Heard): void {
    heard.cancel();
    if (heard.liveness === 'lost') heard.liveness = 'silent';
    this.#nodes.set(node, heard);
    this.#startTimer(node, heard);
  }

  #startTimer(node: string, heard: Heard): void {
    const ms = heard.liveness === 'alive' ? heard.times.graceMs : heard.times.evictionMs;
    const due = this.#clock.now() + ms;
    heard.cancel = this.#clock.setTimer(ms, () => {
      if (this.#clock.now() > due + LATE_MS) return this.#startTimer(node, heard);
      this.#timeIsUp(node, heard);
    });
  }

  #timeIsUp(node: string, heard: Heard): void {
    if (heard.liveness === 'alive') {
      heard.liveness = 'silent';
      this.#startTimer(node, heard);
    } else if (this.#allSilent()) {
      this.#startTimer(node, heard);
      return;
    } else {
      heard.liveness = 'lost';
    }
    this.#wake(node);
  }

  #allSilent(): boolean {
    return this.#nodes.values().every((heard) => heard.liveness !== 'alive');
  }

  #forgetAll(): void {
    for (const heard of this.#nodes.values()) heard.cancel();
    this.#nodes.clear();
  }
}
