/**
 * Makes one probe of one container over and over, on its own time: however long an answer takes, no other probe waits for it. Made by
 * probe-workers.ts. Source: pkg/kubelet/prober/worker.go
 */
import type { CancelTimer, Clock } from '../../ports/clock.ts';
import { messageOf } from '../../ports/errors.ts';
import type { StatusEvent } from '../actions.ts';
import { ProbeSchedule } from './probe-schedule.ts';
import type { ProbeKind, ProbeTask } from './probe-task.ts';
import type { ProbeOutcome } from './run-probe.ts';

/** An event takes no longer message. */
const MOST_MESSAGE = 1_000;

export type ProbeResult = 'success' | 'failure';

export interface ProbeWorkerDeps {
  readonly clock: Clock;
  run(task: ProbeTask, signal: AbortSignal): Promise<ProbeOutcome>;
  announce(event: StatusEvent): void;
  /** The threshold is reached, possibly anew. */
  onResult(result: ProbeResult): void;
}

export class ProbeWorker {
  readonly #task: ProbeTask;
  readonly #deps: ProbeWorkerDeps;
  readonly #stopped = new AbortController();
  readonly #schedule: ProbeSchedule;
  #cancel: CancelTimer = () => {};
  #last: ProbeResult | undefined;
  /** How often in a row. */
  #count = 0;

  constructor(task: ProbeTask, deps: ProbeWorkerDeps) {
    this.#task = task;
    this.#deps = deps;
    this.#schedule = new ProbeSchedule(task, deps.clock.now());
    this.#wait();
  }

  stop(): void {
    this.#cancel();
    this.#stopped.abort();
  }

  #wait(): void {
    if (this.#stopped.signal.aborted) return;
    const { clock } = this.#deps;
    this.#cancel = clock.setTimer(Math.max(0, this.#schedule.nextAt - clock.now()), () => {
      // No timer lasts longer than 24 days.
      if (clock.now() < this.#schedule.nextAt) this.#wait();
      else void this.#probe();
    });
  }

  async #probe(): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#stopped;
    const counts = this.#schedule.begin(clock.now());
    const outcome = await this.#deps
      .run(this.#task, signal)
      .catch((error: unknown): ProbeOutcome => ({ outcome: 'error', output: messageOf(error) }));
    if (signal.aborted) return;
    if (outcome !== undefined) this.#take(outcome, counts);
    this.#schedule.ended(clock.now());
    this.#wait();
  }

  #take({ outcome, output }: Exclude<ProbeOutcome, undefined>, counts: boolean): void {
    const { kind } = this.#task;
    const isGood = outcome === 'success' || outcome === 'warning';
    if (!isGood && !counts) return;
    const name = NAMES[kind];
    if (outcome === 'warning') this.#announce('ProbeWarning', `${name} probe warning: ${output}`);
    if (outcome === 'failure') this.#announce('Unhealthy', `${name} probe failed: ${output}`);
    if (outcome === 'error')
      this.#announce('Unhealthy', `${name} probe errored and resulted in unknown state: ${output}`);
    if (outcome === 'error') return;
    if (isGood) this.#schedule.succeeded();
    const result = isGood ? 'success' : 'failure';
    this.#count = result === this.#last ? this.#count + 1 : 1;
    this.#last = result;
    const { successThreshold, failureThreshold } = this.#task;
    if (this.#count < (isGood ? successThreshold : failureThreshold)) return;
    // The container is about to be stopped.
    if (!isGood && kind !== 'readiness') this.stop();
    this.#deps.onResult(result);
  }

  #announce(reason: string, message: string): void {
    this.#deps.announce({ type: 'Warning', reason, message: message.slice(0, MOST_MESSAGE) });
  }
}

const NAMES: Readonly<Record<ProbeKind, string>> = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' };
