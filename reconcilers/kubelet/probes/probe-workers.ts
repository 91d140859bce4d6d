/**
 * The probes of this node's pods that run now, and what they have found. The executor of `set-probes` says which are to run; a result that
 * changes brings the pod back to the queue. Nothing here survives a restart of the daemon, which is as if no probe had answered yet.
 */
import { formatKey, type ObjectKey } from '../../objects/meta.ts';
import type { SetProbes, StatusEvent } from '../actions.ts';
import type { ProbeResults, ProbesObserved } from '../observation.ts';
import type { Wakeups } from '../wakeups.ts';
import { type ProbeTask, taskKey } from './probe-task.ts';
import { type ProbeResult, ProbeWorker } from './probe-worker.ts';
import { type ProbeDeps, runProbe } from './run-probe.ts';

interface Entry {
  readonly workers: Map<string, ProbeWorker>;
  /** By container id. */
  readonly results: Map<string, ProbeResults>;
}

export interface ProbeWorkersDeps extends ProbeDeps {
  readonly wakeups: Wakeups;
}

export class ProbeWorkers {
  readonly #deps: ProbeWorkersDeps;
  readonly #pods = new Map<string, Entry>();

  constructor(deps: ProbeWorkersDeps) {
    this.#deps = deps;
  }

  /** Of the pod of this name; undefined where it has no probes. */
  of(pod: ObjectKey): ProbesObserved | undefined {
    const entry = this.#pods.get(formatKey(pod));
    return entry && { running: [...entry.workers.keys()], results: Object.fromEntries(entry.results) };
  }

  /** Starts what is missing and ends what is not among the tasks. */
  set({ pod, tasks, containers }: SetProbes, announce: (event: StatusEvent) => void): void {
    const name = formatKey(pod);
    const entry = this.#pods.get(name) ?? { workers: new Map(), results: new Map() };
    const wanted = new Map(tasks.map((task) => [taskKey(task), task]));
    for (const [key, worker] of entry.workers) {
      if (wanted.has(key)) continue;
      worker.stop();
      entry.workers.delete(key);
    }
    for (const id of entry.results.keys()) if (!containers.includes(id)) entry.results.delete(id);
    for (const [key, task] of wanted) {
      if (!entry.workers.has(key)) entry.workers.set(key, this.#start(pod, task, entry, announce));
    }
    if (entry.workers.size === 0 && entry.results.size === 0) this.#pods.delete(name);
    else this.#pods.set(name, entry);
  }

  /** The loop has ended. */
  stop(): void {
    for (const { workers } of this.#pods.values()) for (const worker of workers.values()) worker.stop();
    this.#pods.clear();
  }

  #start(pod: ObjectKey, task: ProbeTask, entry: Entry, announce: (event: StatusEvent) => void): ProbeWorker {
    const { clock, wakeups } = this.#deps;
    const { id, kind } = task;
    return new ProbeWorker(task, {
      clock,
      run: (each, signal) => runProbe(each, this.#deps, signal),
      announce,
      onResult: (result: ProbeResult) => {
        const known = entry.results.get(id);
        if (known?.[kind] === result) return;
        entry.results.set(id, { ...known, [kind]: result });
        wakeups.pod(pod);
      },
    });
  }
}
