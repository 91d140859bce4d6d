/**
 * What the runtime has of this daemon's containers, kept in memory so that a look at a pod costs no round trip: listed at the
 * start, after each reconnect and now and then, corrected by events and by the answers to the kubelet's own calls. A cache and
 * nothing more: whatever it misses, the next list repairs. Says once when Docker goes away, and once when it is back.
 */
import { formatKey, type ObjectKey } from '../objects/meta.ts';
import { type Clock, sleep } from '../ports/clock.ts';
import type { ContainerRecord, ContainerRuntime, ImageRecord, RuntimeEvent } from '../ports/container-runtime.ts';
import { isSampanError, messageOf, SampanError } from '../ports/errors.ts';
import type { Log } from '../ports/log.ts';
import { LABEL_INSTANCE, podKeyOf } from './identity.ts';

const RECONNECT_MS = { first: 100, most: 5_000 };
const RELIST_MS = 10 * 60_000;

export interface ContainerViewDeps {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly log: Log;
  readonly instance: string;
}

export interface ViewListener {
  /** Something about this pod's containers has changed. */
  onPod(key: ObjectKey): void;
  /** Docker is (again) reachable, or an image came or went: everything is worth a look. */
  onAll(): void;
}

export class ContainerView {
  readonly #deps: ContainerViewDeps;
  readonly #records = new Map<string, ContainerRecord>();
  readonly #byPod = new Map<string, Set<string>>();
  /** Present images by reference. */
  readonly #images = new Map<string, ImageRecord>();
  /** When, in steps of {@link #step}, a container was last heard of: a list that began earlier knows less. */
  readonly #heard = new Map<string, number>();
  /** Containers of which an own call is under way, and whether an event came meanwhile. */
  readonly #held = new Map<string, { count: number; dirty: boolean }>();
  readonly #refreshing = new Map<string, Promise<void>>();
  #step = 0;
  #isCurrent = false;
  #since = 0;
  /** That Docker is away has been said. */
  #isReported = false;
  #listener: ViewListener = { onPod: () => {}, onAll: () => {} };
  #session = new AbortController();

  constructor(deps: ContainerViewDeps) {
    this.#deps = deps;
  }

  /** Whether the records can be believed: they are listed, and events come. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /** Since when Docker answers without a break; what ended before may have ended with the engine. */
  get since(): number {
    return this.#since;
  }

  of(key: ObjectKey): ContainerRecord[] {
    return [...(this.#byPod.get(formatKey(key)) ?? [])].flatMap((id) => this.#records.get(id) ?? []);
  }

  pods(): ObjectKey[] {
    const keys = new Map<string, ObjectKey>();
    for (const { labels } of this.#records.values()) {
      const key = podKeyOf(labels);
      if (key !== undefined) keys.set(formatKey(key), key);
    }
    return [...keys.values()];
  }

  all(): ContainerRecord[] {
    return [...this.#records.values()];
  }

  get(id: string): ContainerRecord | undefined {
    return this.#records.get(id);
  }

  /** An own call's answer. */
  put(record: ContainerRecord): void {
    this.#heard.set(record.id, ++this.#step);
    this.#store(record);
  }

  drop(id: string): void {
    this.#heard.set(id, ++this.#step);
    this.#forget(id);
  }

  /** The image, where it is there; asks Docker only about those not known to be. */
  async image(reference: string): Promise<ImageRecord | undefined> {
    const known = this.#images.get(reference);
    if (known !== undefined) return known;
    const image = await this.#deps.runtime.image(reference);
    if (image !== undefined) this.#images.set(reference, image);
    return image;
  }

  forgetImage(reference: string): void {
    this.#images.delete(reference);
  }

  /** Does `work`, whose own effects on container `id` need no second look when their events come. */
  async hold<T>(id: string, work: () => Promise<T>): Promise<T> {
    const hold = this.#held.get(id) ?? { count: 0, dirty: false };
    hold.count += 1;
    this.#held.set(id, hold);
    try {
      return await work();
    } finally {
      hold.count -= 1;
      if (hold.count === 0) {
        this.#held.delete(id);
        if (hold.dirty) void this.refresh(id);
      }
    }
  }

  /** Reads one container anew. Never throws: an unreachable Docker is what {@link lost} is for. */
  refresh(id: string): Promise<void> {
    const before = this.#refreshing.get(id) ?? Promise.resolve();
    const reading = before.then(() => this.#refresh(id));
    this.#refreshing.set(id, reading);
    return reading.finally(() => {
      if (this.#refreshing.get(id) === reading) this.#refreshing.delete(id);
    });
  }

  /** Docker did not answer: nothing is believed until the next list. */
  lost(error: unknown): void {
    this.#isCurrent = false;
    if (!this.#isReported) {
      this.#isReported = true;
      this.#deps.log.error('Docker does not answer; what runs is left alone until it does', {
        error: messageOf(error),
      });
    }
    this.#session.abort();
  }

  /** Does `work`; where Docker does not answer, that is what the next look at any pod sees. */
  async whileAnswering(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isSampanError(error, 'RuntimeUnavailable')) throw error;
      this.lost(error);
    }
  }

  /** Follows the runtime until `signal` aborts. */
  async run(listener: ViewListener, signal: AbortSignal): Promise<void> {
    this.#listener = listener;
    let failures = 0;
    while (!signal.aborted) {
      this.#session = new AbortController();
      const end = () => this.#session.abort();
      signal.addEventListener('abort', end, { once: true });
      try {
        await this.#follow(this.#session.signal, () => {
          failures = 0;
        });
      } catch (error) {
        if (!signal.aborted) this.lost(error);
      } finally {
        signal.removeEventListener('abort', end);
      }
      const delayMs = Math.min(RECONNECT_MS.most, RECONNECT_MS.first * 2 ** failures);
      failures += 1;
      await sleep(this.#deps.clock, delayMs, signal).catch(() => undefined);
    }
  }

  async #follow(signal: AbortSignal, onListed: () => void): Promise<void> {
    const { runtime, clock } = this.#deps;
    let cancel = () => {};
    const relistLater = () => {
      cancel = clock.setTimer(RELIST_MS, () => {
        void this.relist()
          .catch((error: unknown) => this.lost(error))
          .then(() => !signal.aborted && relistLater());
      });
    };
    try {
      for await (const event of runtime.events(LABEL_INSTANCE, signal)) {
        if (signal.aborted) return;
        // Listed only now that no event can be missed any more.
        if (event.type !== 'listening') this.#take(event);
        else {
          await this.relist();
          this.#connected();
          onListed();
          relistLater();
        }
      }
      throw new SampanError('RuntimeUnavailable', { endpoint: runtime.endpoint, detail: 'its event stream has ended' });
    } finally {
      cancel();
    }
  }

  #connected(): void {
    this.#isCurrent = true;
    this.#since = this.#deps.clock.now();
    if (this.#isReported) this.#deps.log.info('Docker answers again');
    this.#isReported = false;
    this.#listener.onAll();
  }

  /** Makes the view what the runtime says it has, but for what was heard of since the question. */
  async relist(): Promise<void> {
    const asked = ++this.#step;
    const listed = await this.#deps.runtime.list({ [LABEL_INSTANCE]: this.#deps.instance });
    const isNewer = (id: string) => (this.#heard.get(id) ?? 0) > asked;
    const present = new Set(listed.map(({ id }) => id));
    for (const record of listed) if (!isNewer(record.id)) this.#store(record);
    for (const id of this.#records.keys()) if (!present.has(id) && !isNewer(id)) this.#forget(id);
    for (const [id, step] of this.#heard) if (step <= asked) this.#heard.delete(id);
    this.#images.clear();
  }

  #take(event: RuntimeEvent): void {
    if (event.type === 'image') {
      this.#images.clear();
      this.#listener.onAll();
      return;
    }
    if (event.labels[LABEL_INSTANCE] !== this.#deps.instance) return;
    if (event.type === 'removed') {
      this.drop(event.id);
      return;
    }
    // Only this daemon makes such containers, and it knows what it made; what a crash left behind is listed at the start.
    if (event.type === 'created') return;
    const held = this.#held.get(event.id);
    if (held !== undefined) {
      if (event.type === 'died') held.dirty = true;
      return;
    }
    if (event.type === 'started' && this.#records.get(event.id)?.state === 'running') return;
    void this.refresh(event.id);
  }

  #refresh(id: string): Promise<void> {
    const held = this.#held.get(id);
    if (held !== undefined) held.dirty = false;
    return this.whileAnswering(async () => {
      const asked = ++this.#step;
      const record = await this.#deps.runtime.inspect(id);
      if ((this.#heard.get(id) ?? 0) > asked) return;
      if (record === undefined) this.drop(id);
      else if (record.labels[LABEL_INSTANCE] === this.#deps.instance) this.put(record);
    });
  }

  #store(record: ContainerRecord): void {
    const before = this.#records.get(record.id);
    this.#records.set(record.id, record);
    const key = podKeyOf(record.labels);
    if (key === undefined) return;
    const ids = this.#byPod.get(formatKey(key)) ?? new Set();
    this.#byPod.set(formatKey(key), ids.add(record.id));
    if (before?.state !== record.state || before.startedAt !== record.startedAt) this.#listener.onPod(key);
  }

  #forget(id: string): void {
    const record = this.#records.get(id);
    if (record === undefined) return;
    this.#records.delete(id);
    const key = podKeyOf(record.labels);
    if (key === undefined) return;
    const ids = this.#byPod.get(formatKey(key));
    ids?.delete(id);
    if (ids?.size === 0) this.#byPod.delete(formatKey(key));
    this.#listener.onPod(key);
  }
}
