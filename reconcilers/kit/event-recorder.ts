/**
 * Writes Kubernetes Events: what a loop did or could not do, told to the people who ask `kubectl describe`. Repeats of one event
 * are counted on one object. Fire and forget: a loop is never held up or failed by its events.
 */
import type { Event } from '../objects/cluster.ts';
import { type KubeObject, toTimestamp } from '../objects/meta.ts';
import type { Clock } from '../ports/clock.ts';
import { isSampanError, messageOf } from '../ports/errors.ts';
import type { Log } from '../ports/log.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import { nameSuffix, type Random } from '../ports/random.ts';

/** At most so many different events are remembered for counting, and so many wait to be written. */
const REMEMBERED = 1_000;
const WAITING = 500;
/** Events that come together are written together: each disk write of its own would hold up what matters more. */
const GATHER_MS = 250;

export interface EventRecorder {
  record(about: KubeObject, type: Event['type'], reason: string, message: string): void;
}

export interface EventRecorderDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** One event that waits to be written, as often as it came meanwhile. */
interface Occurrence {
  readonly about: KubeObject;
  readonly type: Event['type'];
  readonly reason: string;
  readonly message: string;
  readonly firstAt: number;
  count: number;
  lastAt: number;
}

export class StoredEventRecorder implements EventRecorder {
  readonly #component: string;
  readonly #host: string;
  readonly #deps: EventRecorderDeps;
  readonly #known = new Map<string, Event>();
  readonly #waiting = new Map<string, Occurrence>();
  #cancelFlush: () => void = () => {};
  #written: Promise<void> = Promise.resolve();

  /** `component` as Kubernetes names it (`kubelet`, `scheduler`); `host` the node, or ''. */
  constructor(component: string, host: string, deps: EventRecorderDeps) {
    this.#component = component;
    this.#host = host;
    this.#deps = deps;
  }

  record(about: KubeObject, type: Event['type'], reason: string, message: string): void {
    const { clock, log } = this.#deps;
    const identity = [about.kind, about.metadata.uid, type, reason, message].join('\0');
    const at = clock.now();
    const repeated = this.#waiting.get(identity);
    if (repeated !== undefined) {
      repeated.count += 1;
      repeated.lastAt = at;
      return;
    }
    if (this.#waiting.size >= WAITING) {
      log.debug('event dropped, too many wait', { reason, message });
      return;
    }
    if (this.#waiting.size === 0) this.#cancelFlush = clock.setTimer(GATHER_MS, () => void this.flush());
    this.#waiting.set(identity, { about, type, reason, message, count: 1, firstAt: at, lastAt: at });
  }

  /** Resolves when all events recorded so far are written or given up. */
  flush(): Promise<void> {
    this.#cancelFlush();
    // One batch after the other: while a write hangs, what comes gathers here.
    this.#written = this.#written.then(() => this.#writeWaiting());
    return this.#written;
  }

  async #writeWaiting(): Promise<void> {
    const batch = [...this.#waiting];
    this.#waiting.clear();
    await Promise.all(batch.map(([identity, occurrence]) => this.#writeOrGiveUp(identity, occurrence)));
  }

  async #writeOrGiveUp(identity: string, occurrence: Occurrence): Promise<void> {
    try {
      this.#remember(identity, await this.#write(this.#known.get(identity), occurrence));
    } catch (error) {
      const { reason } = occurrence;
      this.#deps.log.debug('event not written', { reason, error: messageOf(error) });
    }
  }

  async #write(known: Event | undefined, occurrence: Occurrence): Promise<Event> {
    const { about, type, reason, message, count, firstAt, lastAt } = occurrence;
    if (known !== undefined) {
      const next = { ...known, count: (known.count ?? 1) + count, lastTimestamp: toTimestamp(lastAt) };
      try {
        return await this.#deps.client.update('Event', next);
      } catch (error) {
        if (!isSampanError(error, 'NotFound', 'Conflict')) throw error;
      }
    }
    const namespace = about.metadata.namespace ?? 'default';
    const suffix = `${firstAt.toString(16)}${nameSuffix(this.#deps.random)}`;
    return this.#deps.client.create('Event', {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${about.metadata.name}.${suffix}`, namespace },
      involvedObject: {
        apiVersion: about.apiVersion,
        kind: about.kind,
        ...(about.metadata.namespace !== undefined && { namespace: about.metadata.namespace }),
        name: about.metadata.name,
        uid: about.metadata.uid,
        resourceVersion: about.metadata.resourceVersion,
      },
      type,
      reason,
      message,
      source: { component: this.#component, ...(this.#host !== '' && { host: this.#host }) },
      firstTimestamp: toTimestamp(firstAt),
      lastTimestamp: toTimestamp(lastAt),
      count,
      reportingComponent: this.#component,
      reportingInstance: this.#host,
    });
  }

  #remember(identity: string, event: Event): void {
    this.#known.delete(identity);
    this.#known.set(identity, event);
    if (this.#known.size > REMEMBERED) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
  }
}
