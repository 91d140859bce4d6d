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

/** At most so many different events are remembered for counting, and so many writes wait. */
const REMEMBERED = 1_000;
const WAITING = 500;

export interface EventRecorder {
  record(about: KubeObject, type: Event['type'], reason: string, message: string): void;
}

export interface EventRecorderDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export class StoredEventRecorder implements EventRecorder {
  readonly #component: string;
  readonly #host: string;
  readonly #deps: EventRecorderDeps;
  readonly #known = new Map<string, Event>();
  #waiting = 0;
  #tail: Promise<void> = Promise.resolve();

  /** `component` as Kubernetes names it (`kubelet`, `scheduler`); `host` the node, or ''. */
  constructor(component: string, host: string, deps: EventRecorderDeps) {
    this.#component = component;
    this.#host = host;
    this.#deps = deps;
  }

  record(about: KubeObject, type: Event['type'], reason: string, message: string): void {
    if (this.#waiting >= WAITING) {
      this.#deps.log.debug('event dropped, too many wait', { reason, message });
      return;
    }
    this.#waiting += 1;
    this.#tail = this.#tail
      .then(() => this.#write(about, type, reason, message))
      .catch((error: unknown) => this.#deps.log.debug('event not written', { reason, error: messageOf(error) }))
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  /** Resolves when all events recorded so far are written or given up. */
  async flush(): Promise<void> {
    await this.#tail;
  }

  async #write(about: KubeObject, type: Event['type'], reason: string, message: string): Promise<void> {
    const now = this.#deps.clock.now();
    const identity = [about.kind, about.metadata.uid, type, reason, message].join('\0');
    const known = this.#known.get(identity);
    if (known !== undefined) {
      const next = { ...known, count: known.count + 1, lastTimestamp: toTimestamp(now) };
      try {
        this.#remember(identity, await this.#deps.client.update('Event', next));
        return;
      } catch (error) {
        if (!isSampanError(error, 'NotFound', 'Conflict')) throw error;
      }
    }
    const namespace = about.metadata.namespace ?? 'default';
    const suffix = `${now.toString(16)}${nameSuffix(this.#deps.random)}`;
    const created = await this.#deps.client.create('Event', {
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
      firstTimestamp: toTimestamp(now),
      lastTimestamp: toTimestamp(now),
      count: 1,
      reportingComponent: this.#component,
      reportingInstance: this.#host,
    });
    this.#remember(identity, created);
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
