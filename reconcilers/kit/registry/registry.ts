/**
 * Objects over the store, with the rules an API server has: names and uids, defaulting and validation, generations, compare-and-swap,
 * graceful deletion and finalizers, Service addresses. The API server and, on a master, every loop write through it; it never
 * decides what should exist.
 */
import { isDeepStrictEqual } from 'node:util';
import { applyDefaults } from '../../objects/defaults.ts';
import type { JsonObject } from '../../objects/json.ts';
import { ALL_KINDS, KINDS, type Kind, type ObjectOf, parseStoreKey, storeKey } from '../../objects/kinds.ts';
import { type Draft, formatKey, keyOf, type ObjectKey, type ObjectMeta, toTimestamp } from '../../objects/meta.ts';
import { validateObject, validateUpdate } from '../../objects/validation.ts';
import type { Clock } from '../../ports/clock.ts';
import { isSampanError, SampanError } from '../../ports/errors.ts';
import type { ChangeBatch, DeleteOptions, ObjectChange, ObjectClient } from '../../ports/object-client.ts';
import { nameSuffix, type Random } from '../../ports/random.ts';
import type { CommitResult, Condition, Store, StoredValue, StoreEvent, Write } from '../../ports/store.ts';
import { afterRemovalOf, markedForDeletion } from './deletion.ts';
import { EventLease } from './event-lease.ts';
import { keepAddresses, type ServiceAddresses } from './service-addresses.ts';

/** How often a write that lost a race, and has no resourceVersion to insist on, is made anew. */
const RACES = 20;

export interface RegistryDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly addresses: ServiceAddresses;
}

/** What a write adds to its transaction: claims of addresses, the namespace that must be there. */
interface Extra {
  readonly conditions: readonly Condition[];
  readonly writes: readonly Write[];
}

const NOTHING: Extra = { conditions: [], writes: [] };

export class Registry implements ObjectClient {
  readonly #deps: RegistryDeps;
  readonly #eventLease: EventLease;

  constructor(deps: RegistryDeps) {
    this.#deps = deps;
    this.#eventLease = new EventLease(deps.store, deps.clock);
  }

  async get<K extends Kind>(kind: K, key: ObjectKey): Promise<ObjectOf<K> | undefined> {
    const stored = await this.#deps.store.get(storeKey(kind, key));
    return stored && parse(kind, stored);
  }

  async list<K extends Kind>(
    kind: K,
    options: { namespace?: string; revision?: number } = {},
  ): Promise<{ items: ObjectOf<K>[]; revision: number }> {
    const { namespace, revision } = options;
    const prefix = `${KINDS[kind].storePrefix}${namespace === undefined ? '' : `${namespace}/`}`;
    const listed = await this.#deps.store.list(prefix, revision === undefined ? {} : { revision });
    return { items: listed.values.map((stored) => parse(kind, stored)), revision: listed.revision };
  }

  async create<K extends Kind>(kind: K, draft: Draft<ObjectOf<K>>): Promise<ObjectOf<K>> {
    const generated = draft.metadata.name === undefined;
    for (let race = 0; ; race++) {
      const object = this.#complete(kind, draft);
      const problems = validateObject(kind, object);
      if (problems.length > 0) throw invalid(kind, object.metadata.name, problems);

      const key = storeKey(kind, keyOf(object));
      const namespace = await this.#namespaceOf(kind, object);
      const claims = kind === 'Service' ? await this.#claimNew(object, key) : NOTHING;
      const result = await this.#deps.store.commit({
        conditions: [{ key, modRevision: 0 }, ...namespace.conditions, ...claims.conditions],
        writes: [await this.#put(kind, key, object), ...claims.writes],
      });
      if (result.committed) return withRevision(object, result.revision);
      if (result.failed.includes(key) && !generated) throw alreadyExists(kind, object.metadata.name);
      this.#checkRaces(race, kind, object.metadata.name);
    }
  }

  async update<K extends Kind>(kind: K, object: ObjectOf<K>): Promise<ObjectOf<K>> {
    return this.#write(kind, object, (current) => withSpecOf(kind, current, object));
  }

  async updateStatus<K extends Kind>(kind: K, object: ObjectOf<K>): Promise<ObjectOf<K>> {
    return this.#write(kind, object, (current) => ({ ...current, status: statusOf(object) }) as ObjectOf<K>);
  }

  async bindPod(key: ObjectKey, uid: string, nodeName: string): Promise<ObjectOf<'Pod'>> {
    return this.#write('Pod', { metadata: { ...key, uid } }, (current) => {
      if (current.metadata.deletionTimestamp !== undefined) throw conflict('Pod', key, 'it is being deleted');
      const bound = current.spec.nodeName;
      if (bound !== undefined) throw conflict('Pod', key, `it is already assigned to node "${bound}"`);
      const others = (current.status.conditions ?? []).filter((condition) => condition.type !== 'PodScheduled');
      const scheduled = {
        type: 'PodScheduled',
        status: 'True' as const,
        lastTransitionTime: toTimestamp(this.#deps.clock.now()),
      };
      return {
        ...current,
        spec: { ...current.spec, nodeName },
        status: { ...current.status, conditions: [...others, scheduled] },
      };
    });
  }

  async delete<K extends Kind>(kind: K, key: ObjectKey, options: DeleteOptions = {}): Promise<ObjectOf<K> | undefined> {
    for (let race = 0; ; race++) {
      const current = await this.get(kind, key);
      if (current === undefined) return undefined;
      checkPreconditions(kind, current, options);

      const marked = markedForDeletion(kind, current, options, this.#deps.clock.now());
      if (marked !== 'remove' && isDeepStrictEqual(marked, current)) return current;
      const result =
        marked === 'remove' ? await this.#remove(kind, current) : await this.#replace(kind, current, marked, NOTHING);
      if (result.committed) return withRevision(marked === 'remove' ? current : marked, result.revision);
      this.#checkRaces(race, kind, formatKey(key));
    }
  }

  async *watch<K extends Kind>(
    kinds: readonly K[],
    options: { after: number; signal: AbortSignal },
  ): AsyncIterable<ChangeBatch<K>> {
    const wanted = new Set<Kind>(kinds);
    for await (const { revision, events } of this.#deps.store.watch(watchedPrefix(kinds), options)) {
      const changes = events.flatMap((event) => toChange(event, revision, wanted) ?? []);
      yield { revision, changes: changes as ObjectChange<K>[] };
    }
  }

  /** Reads, changes and writes one object until it wins; insists on the given resourceVersion where there is one. */
  async #write<K extends Kind>(
    kind: K,
    given: { metadata: Partial<ObjectMeta> & { name: string } },
    change: (current: ObjectOf<K>) => ObjectOf<K>,
  ): Promise<ObjectOf<K>> {
    const key = keyOf(given);
    const insists = (given.metadata.resourceVersion ?? '') !== '';
    for (let race = 0; ; race++) {
      const current = await this.get(kind, key);
      if (current === undefined) {
        throw new SampanError('NotFound', { resource: KINDS[kind].plural, name: key.name });
      }
      checkPreconditions(kind, current, {
        ...(given.metadata.uid && { uid: given.metadata.uid }),
        ...(insists && { resourceVersion: given.metadata.resourceVersion as string }),
      });

      const changed = withKeptAddresses(applyDefaults(kind, plain(change(current))), current);
      if (isDeepStrictEqual(changed, current)) return current;
      const next = withGeneration(kind, current, changed);
      const problems = [...validateObject(kind, next), ...validateUpdate(kind, next, current)];
      if (problems.length > 0) throw invalid(kind, key.name, problems);

      const removal = afterRemovalOf(kind, next);
      const claims = kind === 'Service' && !removal ? await this.#claim(next, current) : NOTHING;
      const result = removal ? await this.#remove(kind, current) : await this.#replace(kind, current, next, claims);
      if (result.committed) return withRevision(next, result.revision);
      if (insists && result.failed.includes(storeKey(kind, key))) throw modified(kind, key);
      this.#checkRaces(race, kind, formatKey(key));
    }
  }

  async #replace<K extends Kind>(
    kind: K,
    current: ObjectOf<K>,
    next: ObjectOf<K>,
    extra: Extra,
  ): Promise<CommitResult> {
    const key = storeKey(kind, keyOf(current));
    return this.#deps.store.commit({
      conditions: [{ key, modRevision: Number(current.metadata.resourceVersion) }, ...extra.conditions],
      writes: [await this.#put(kind, key, next), ...extra.writes],
    });
  }

  async #remove<K extends Kind>(kind: K, current: ObjectOf<K>): Promise<CommitResult> {
    const key = storeKey(kind, keyOf(current));
    const released = kind === 'Service' ? this.#deps.addresses.release(current as ObjectOf<'Service'>) : [];
    return this.#deps.store.commit({
      conditions: [{ key, modRevision: Number(current.metadata.resourceVersion) }],
      writes: [{ op: 'delete', key }, ...released],
    });
  }

  async #put<K extends Kind>(kind: K, key: string, object: ObjectOf<K>): Promise<Write> {
    const { resourceVersion: _, ...metadata } = object.metadata;
    const value = JSON.stringify({ ...object, metadata });
    return kind === 'Event' ? { op: 'put', key, value, lease: await this.#eventLease.id() } : { op: 'put', key, value };
  }

  /** Gives the Service its addresses, in place, and answers the claims that make them its own. */
  #claim(object: ObjectOf<Kind>, previous: ObjectOf<Kind> | undefined): Promise<Extra> {
    return this.#deps.addresses.claim(object as ObjectOf<'Service'>, previous as ObjectOf<'Service'> | undefined);
  }

  /** As `#claim`; but that an address is taken by the Service of this very name is no news about the address. */
  async #claimNew(object: ObjectOf<Kind>, key: string): Promise<Extra> {
    try {
      return await this.#claim(object, undefined);
    } catch (error) {
      const isOwn = isSampanError(error, 'Invalid') && (await this.#deps.store.get(key)) !== undefined;
      throw isOwn ? alreadyExists('Service', object.metadata.name) : error;
    }
  }

  /** The namespace must be there, and stay so until the object is written. */
  async #namespaceOf(kind: Kind, object: ObjectOf<Kind>): Promise<Extra> {
    const { namespace } = object.metadata;
    if (!KINDS[kind].namespaced || namespace === undefined) return NOTHING;
    const key = storeKey('Namespace', { namespace: '', name: namespace });
    const stored = await this.#deps.store.get(key);
    if (stored === undefined) throw new SampanError('NotFound', { resource: 'namespaces', name: namespace });
    if (parse('Namespace', stored).metadata.deletionTimestamp !== undefined) {
      throw new SampanError('Forbidden', {
        resource: KINDS[kind].plural,
        name: object.metadata.name,
        detail: `unable to create new content in namespace ${namespace} because it is being terminated`,
        cause: 'NamespaceTerminating',
      });
    }
    return { conditions: [{ key, modRevision: stored.modRevision }], writes: [] };
  }

  /** What the author left out: identity, times, defaults; what only the server may say is taken away. */
  #complete<K extends Kind>(kind: K, draft: Draft<ObjectOf<K>>): ObjectOf<K> {
    const info = KINDS[kind];
    const { metadata } = draft;
    const {
      resourceVersion: _revision,
      deletionTimestamp: _deletion,
      deletionGracePeriodSeconds: _grace,
      ...given
    } = metadata;
    const object = {
      ...draft,
      apiVersion: info.apiVersion,
      kind,
      metadata: {
        ...given,
        name: metadata.name ?? `${(metadata.generateName ?? '').slice(0, 58)}${nameSuffix(this.#deps.random)}`,
        ...(info.namespaced && { namespace: metadata.namespace ?? 'default' }),
        uid: this.#deps.random.uuid(),
        creationTimestamp: toTimestamp(this.#deps.clock.now()),
        ...(info.hasStatus && { generation: 1 }),
      },
    };
    const completed = applyDefaults(kind, plain(object) as unknown as ObjectOf<K>);
    info.prepareForCreate(completed as unknown as JsonObject);
    return completed;
  }

  #checkRaces(race: number, kind: Kind, name: string): void {
    if (race >= RACES) throw conflict(kind, { namespace: '', name }, `it was changed ${RACES} times meanwhile`);
  }
}

/** Drops members that are undefined, so that equal objects are equal as JSON. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function parse<K extends Kind>(kind: K, stored: StoredValue): ObjectOf<K> {
  try {
    return withRevision(JSON.parse(stored.value) as ObjectOf<K>, stored.modRevision);
  } catch (cause) {
    throw new SampanError('Internal', { detail: `${kind} at store key ${stored.key} is not JSON` }, cause);
  }
}

function withRevision<T extends { metadata: ObjectMeta }>(object: T, revision: number): T {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

function statusOf(object: unknown): unknown {
  return (object as { status?: unknown }).status;
}

/** What a writer of the spec may change: everything but the status and what the server keeps. */
function withSpecOf<K extends Kind>(kind: K, current: ObjectOf<K>, given: ObjectOf<K>): ObjectOf<K> {
  const { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation, resourceVersion } =
    current.metadata;
  return {
    ...given,
    apiVersion: current.apiVersion,
    kind: current.kind,
    metadata: {
      ...given.metadata,
      uid,
      creationTimestamp,
      deletionTimestamp,
      deletionGracePeriodSeconds,
      generation,
      resourceVersion,
    },
    ...(KINDS[kind].hasStatus && { status: statusOf(current) }),
  } as ObjectOf<K>;
}

function withKeptAddresses<K extends Kind>(next: ObjectOf<K>, current: ObjectOf<K>): ObjectOf<K> {
  return (next.kind === 'Service' ? keepAddresses(next, current as ObjectOf<'Service'>) : next) as ObjectOf<K>;
}

/** The generation counts changes of what is wished: all but metadata and status. */
function withGeneration<K extends Kind>(kind: K, current: ObjectOf<K>, next: ObjectOf<K>): ObjectOf<K> {
  const wish = (object: ObjectOf<K>) => ({ ...object, metadata: undefined, status: undefined });
  if (!KINDS[kind].hasStatus || isDeepStrictEqual(wish(current), wish(next))) return next;
  return { ...next, metadata: { ...next.metadata, generation: (current.metadata.generation ?? 0) + 1 } };
}

function checkPreconditions(kind: Kind, current: ObjectOf<Kind>, wanted: DeleteOptions): void {
  const { uid, resourceVersion } = current.metadata;
  if (wanted.uid !== undefined && wanted.uid !== uid) {
    throw conflict(
      kind,
      keyOf(current),
      `Precondition failed: UID in precondition: ${wanted.uid}, UID in object meta: ${uid}`,
    );
  }
  if (wanted.resourceVersion !== undefined && wanted.resourceVersion !== resourceVersion) {
    throw modified(kind, keyOf(current));
  }
}

function alreadyExists(kind: Kind, name: string): SampanError {
  return new SampanError('AlreadyExists', { resource: KINDS[kind].plural, name });
}

function conflict(kind: Kind, key: ObjectKey, detail: string): SampanError {
  return new SampanError('Conflict', { resource: KINDS[kind].plural, name: key.name, detail });
}

function modified(kind: Kind, key: ObjectKey): SampanError {
  const detail = 'the object has been modified; please apply your changes to the latest version and try again';
  return conflict(kind, key, detail);
}

function invalid(kind: Kind, name: string, problems: readonly { toString(): string }[]): SampanError {
  const texts = problems.map(String);
  const detail = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return new SampanError('Invalid', { kind, name, detail, problems });
}

/** The narrowest prefix under which all `kinds` are kept. */
function watchedPrefix(kinds: readonly Kind[]): string {
  return kinds.length === 1 ? KINDS[kinds[0] as Kind].storePrefix : '/registry/';
}

function toChange(event: StoreEvent, revision: number, wanted: ReadonlySet<Kind>): ObjectChange | undefined {
  const location = parseStoreKey(event.key);
  if (location === undefined || !wanted.has(location.kind)) return undefined;
  const { kind, key } = location;
  const previous = event.previous && parse(kind, event.previous);
  if (event.type === 'put') {
    const type = event.value.createRevision === event.value.modRevision ? 'ADDED' : 'MODIFIED';
    return { type, kind, object: parse(kind, event.value), ...(previous && { previous }) } as ObjectChange;
  }
  const last = previous ?? nameOnly(kind, key);
  return { type: 'DELETED', kind, object: withRevision(last, revision), ...(previous && { previous }) } as ObjectChange;
}

/** A deleted object whose last state is compacted away: its name is all there is. */
function nameOnly(kind: Kind, key: ObjectKey): ObjectOf<Kind> {
  const info = ALL_KINDS.find((candidate) => candidate.kind === kind);
  const metadata = { name: key.name, ...(key.namespace !== '' && { namespace: key.namespace }) };
  return { apiVersion: info?.apiVersion, kind, metadata } as unknown as ObjectOf<Kind>;
}
