/**
 * All objects of the cached kinds in memory, at one revision: a list, then one ordered watch. Loops read it in `observe`, and are
 * told of each change. Objects in it are shared: never change one, make a copy. Reads are as of one revision, so two kinds never
 * disagree; {@link ReadOnlyCache.reached} makes them as new as a given write.
 */
import type { Kind, ObjectOf } from '../objects/kinds.ts';
import { formatKey, keyOf, type ObjectKey } from '../objects/meta.ts';
import type { Clock } from '../ports/clock.ts';
import { sleep } from '../ports/clock.ts';
import { isAbort, isSampanError, messageOf, SampanError } from '../ports/errors.ts';
import type { Log } from '../ports/log.ts';
import type { ChangeBatch, ObjectChange, ObjectClient } from '../ports/object-client.ts';

const REACH_TIMEOUT_MS = 10_000;
const RETRY_MS = { first: 100, most: 5_000 };

/** Objects of one kind by a derived value: pods by node, pods by owner's uid. */
export interface ObjectIndex<T> {
  /** The same array as long as nothing has changed. */
  get(value: string): readonly T[];
  /** Whether there is any. */
  has(value: string): boolean;
}

export interface ReadOnlyCache {
  /** What it is as of; 0 until the first list is in. */
  readonly revision: number;
  get<K extends Kind>(kind: K, key: ObjectKey): ObjectOf<K> | undefined;
  list<K extends Kind>(kind: K, namespace?: string): ObjectOf<K>[];
  /** An index kept up to date from now on; make it once, when assembling. */
  index<K extends Kind>(kind: K, valuesOf: (object: ObjectOf<K>) => readonly string[]): ObjectIndex<ObjectOf<K>>;
  /** Resolves when the cache has seen `revision`. CacheBehind after 10 s. */
  reached(revision: number): Promise<void>;
}

export type ChangeListener = (change: ObjectChange) => void;

/** Who follows every change, of kinds that are not kept too. */
export interface ChangeFollower {
  /** All changes of one revision, after they are in the cache. */
  changed(batch: ChangeBatch): void;
  /** The cache had to list again: what was between is not known, `revision` is where it goes on. */
  restarted(revision: number): void;
}

/** What a cache is filled from. */
export type CacheSource = Pick<ObjectClient, 'list' | 'watch'>;

interface Table {
  readonly objects: Map<string, ObjectOf<Kind>>;
  readonly byNamespace: Index<ObjectOf<Kind>>;
  readonly indexes: Index<ObjectOf<Kind>>[];
}

export class ObjectCache implements ReadOnlyCache {
  readonly #client: CacheSource;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #tables = new Map<Kind, Table>();
  readonly #watched: readonly Kind[];
  readonly #listeners = new Set<ChangeListener>();
  readonly #followers = new Set<ChangeFollower>();
  readonly #waiting = new Set<{ revision: number; resolve: () => void }>();
  #revision = 0;
  #mustList = true;

  /** `passing`: kinds that are not kept, of which followers are told. */
  constructor(
    kinds: readonly Kind[],
    deps: { client: CacheSource; clock: Clock; log: Log },
    { passing = [] }: { passing?: readonly Kind[] } = {},
  ) {
    this.#watched = [...kinds, ...passing];
    this.#client = deps.client;
    this.#clock = deps.clock;
    this.#log = deps.log;
    for (const kind of kinds) {
      const byNamespace = new Index<ObjectOf<Kind>>((object) => [object.metadata.namespace ?? '']);
      this.#tables.set(kind, { objects: new Map(), byNamespace, indexes: [byNamespace] });
    }
  }

  get revision(): number {
    return this.#revision;
  }

  get<K extends Kind>(kind: K, key: ObjectKey): ObjectOf<K> | undefined {
    return this.#table(kind).objects.get(formatKey(key)) as ObjectOf<K> | undefined;
  }

  list<K extends Kind>(kind: K, namespace?: string): ObjectOf<K>[] {
    const table = this.#table(kind);
    return [...(namespace === undefined ? table.objects.values() : table.byNamespace.get(namespace))] as ObjectOf<K>[];
  }

  index<K extends Kind>(kind: K, valuesOf: (object: ObjectOf<K>) => readonly string[]): ObjectIndex<ObjectOf<K>> {
    const table = this.#table(kind);
    const index = new Index<ObjectOf<Kind>>(valuesOf as (object: ObjectOf<Kind>) => readonly string[]);
    for (const object of table.objects.values()) index.add(object);
    table.indexes.push(index);
    return index as unknown as ObjectIndex<ObjectOf<K>>;
  }

  /** Calls `listener` after each change is in the cache, in the store's order. Answers how to stop. */
  subscribe(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** As `subscribe`, for whole batches. Answers how to stop. */
  follow(follower: ChangeFollower): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  async reached(revision: number): Promise<void> {
    if (this.#revision >= revision) return;
    await new Promise<void>((resolve, reject) => {
      const waiter = {
        revision,
        resolve: () => {
          cancel();
          resolve();
        },
      };
      const cancel = this.#clock.setTimer(REACH_TIMEOUT_MS, () => {
        this.#waiting.delete(waiter);
        reject(new SampanError('CacheBehind', { revision, seconds: REACH_TIMEOUT_MS / 1000, at: this.#revision }));
      });
      this.#waiting.add(waiter);
    });
  }

  /**
   * Keeps the cache up to date until `signal` aborts. After a lost connection it resumes where it was; after a compaction it
   * lists again and reports the differences, so that listeners miss nothing.
   */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        if (this.#mustList) await this.#list();
        for await (const batch of this.#client.watch(this.#watched, { after: this.#revision, signal })) {
          failures = 0;
          this.#apply(batch);
        }
      } catch (error) {
        if (isAbort(error) || signal.aborted) return;
        if (isSampanError(error, 'StoreCompacted')) {
          this.#mustList = true;
          continue;
        }
        const delayMs = Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** failures);
        const report = failures === 0 ? this.#log.error : this.#log.debug;
        report.call(this.#log, 'the watch on the store broke; resuming', { error: messageOf(error), delayMs });
        failures += 1;
        await sleep(this.#clock, delayMs, signal).catch(() => undefined);
      }
    }
  }

  /** Asks for everything, and only then changes anything: meanwhile what is known stays whole. */
  async #list(): Promise<void> {
    const lists: { kind: Kind; table: Table; items: ObjectOf<Kind>[] }[] = [];
    let revision: number | undefined;
    for (const [kind, table] of this.#tables) {
      const listed = await this.#client.list(kind, revision === undefined ? {} : { revision });
      revision ??= listed.revision;
      lists.push({ kind, table, items: listed.items });
    }
    const changes = lists.flatMap(({ kind, table, items }) => this.#takeAll(kind, table, items));
    this.#mustList = false;
    for (const change of changes) this.#tell(change);
    for (const follower of this.#followers) follower.restarted(revision ?? 0);
    this.#advance(revision ?? 0);
  }

  /** Makes the table hold just `items`, and answers what that has changed. */
  #takeAll(kind: Kind, table: Table, items: readonly ObjectOf<Kind>[]): ObjectChange[] {
    const changes: ObjectChange[] = [];
    const gone = new Map(table.objects);
    for (const object of items) {
      const name = formatKey(keyOf(object));
      const previous = table.objects.get(name);
      gone.delete(name);
      if (previous?.metadata.resourceVersion === object.metadata.resourceVersion) continue;
      this.#replace(table, name, object);
      const type = previous ? 'MODIFIED' : 'ADDED';
      changes.push({ type, kind, object, ...(previous && { previous }) } as ObjectChange);
    }
    for (const [name, object] of gone) {
      this.#remove(table, name);
      changes.push({ type: 'DELETED', kind, object, previous: object } as ObjectChange);
    }
    return changes;
  }

  #apply(batch: ChangeBatch): void {
    const changes = batch.changes.map((change) => (this.#tables.has(change.kind) ? this.#take(change) : change));
    for (const change of changes) if (this.#tables.has(change.kind)) this.#tell(change);
    for (const follower of this.#followers) follower.changed({ revision: batch.revision, changes });
    this.#advance(batch.revision);
  }

  /** Carries the change out, and answers it with the previous state as this cache knew it: a watch may have lost it. */
  #take(change: ObjectChange): ObjectChange {
    const { type, kind, object: current } = change;
    const table = this.#table(kind);
    const name = formatKey(keyOf(current));
    const previous = table.objects.get(name);
    if (type !== 'DELETED') {
      this.#replace(table, name, current);
      return previous === undefined ? change : ({ type, kind, object: current, previous } as ObjectChange);
    }
    this.#remove(table, name);
    if (previous === undefined) return change;
    const { resourceVersion } = current.metadata;
    const object = { ...previous, metadata: { ...previous.metadata, resourceVersion } };
    return { ...change, object, previous } as ObjectChange;
  }

  #replace(table: Table, name: string, object: ObjectOf<Kind>): void {
    this.#remove(table, name);
    table.objects.set(name, object);
    for (const index of table.indexes) index.add(object);
  }

  #remove(table: Table, name: string): void {
    const previous = table.objects.get(name);
    if (previous === undefined) return;
    table.objects.delete(name);
    for (const index of table.indexes) index.remove(previous);
  }

  #tell(change: ObjectChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  #advance(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
    for (const waiter of this.#waiting) {
      if (waiter.revision > this.#revision) continue;
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  }

  #table(kind: Kind): Table {
    const table = this.#tables.get(kind);
    if (table === undefined) throw new SampanError('Internal', { detail: `kind ${kind} is not cached` });
    return table;
  }
}

const NONE: readonly never[] = [];

class Index<T> implements ObjectIndex<T> {
  readonly #valuesOf: (object: T) => readonly string[];
  readonly #sets = new Map<string, Set<T>>();
  /** What was asked for, until it changes. */
  readonly #arrays = new Map<string, readonly T[]>();

  constructor(valuesOf: (object: T) => readonly string[]) {
    this.#valuesOf = valuesOf;
  }

  get(value: string): readonly T[] {
    const known = this.#arrays.get(value);
    if (known !== undefined) return known;
    const set = this.#sets.get(value);
    if (set === undefined) return NONE;
    const array = [...set];
    this.#arrays.set(value, array);
    return array;
  }

  has(value: string): boolean {
    return this.#sets.has(value);
  }

  add(object: T): void {
    for (const value of this.#valuesOf(object)) {
      this.#arrays.delete(value);
      const set = this.#sets.get(value);
      if (set) set.add(object);
      else this.#sets.set(value, new Set([object]));
    }
  }

  remove(object: T): void {
    for (const value of this.#valuesOf(object)) {
      this.#arrays.delete(value);
      const set = this.#sets.get(value);
      set?.delete(object);
      if (set?.size === 0) this.#sets.delete(value);
    }
  }
}
