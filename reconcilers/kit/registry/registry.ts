/**
 * Objects over the store, with the rules an API server has: names and uids, defaulting and validation, generations, compare-and-swap,
 * graceful deletion and finalizers. The API server and, on a master, every loop write through it; it never decides what should
 * exist. What a write needs to know of other objects is in `admission/`.
 */
import { isDeepStrictEqual } from 'node:util';
import { applyDefaults } from '../../objects/defaults.ts';
import type { JsonObject } from '../../objects/json.ts';
import { type AnyObject, KINDS, type Kind, type ObjectOf, storeKey } from '../../objects/kinds.ts';
import { type Draft, keyOf, type ObjectKey, toTimestamp } from '../../objects/meta.ts';
import { validateNewObject, validateObject, validateUpdate } from '../../objects/validation.ts';
import type { Clock } from '../../ports/clock.ts';
import type {
  ChangeBatch,
  DeleteOptions,
  ModifyOptions,
  ObjectChange,
  PageOptions,
  RegistryClient,
  WriteOptions,
} from '../../ports/object-client.ts';
import { nameSuffix, type Random } from '../../ports/random.ts';
import type { CommitResult, Condition, ListOptions, Store, Write } from '../../ports/store.ts';
import type { Addition, Admission, AdmittedWrite } from './admission/admission.ts';
import { afterRemovalOf, markedForDeletion } from './deletion.ts';
import { EventLease } from './event-lease.ts';
import { alreadyExists, checkPreconditions, conflict, invalid, modified, notFound } from './refusals.ts';
import { changeOf, parseStored, storedValueOf, withRevision } from './stored-object.ts';
import { changedIdentity, nextOf, plain, withGeneration } from './update-rules.ts';

/** How often a write that lost a race, and has no resourceVersion to insist on, is made anew. */
const RACES = 20;
/** What is read at once: all that is stored, as text beside the objects, would stay with the process as memory it never needs again. */
const LIST_PAGE = 500;

export interface RegistryDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** Asked in this order. */
  readonly admissions: readonly Admission[];
}

export class Registry implements RegistryClient {
  readonly #deps: RegistryDeps;
  readonly #eventLease: EventLease;

  constructor(deps: RegistryDeps) {
    this.#deps = deps;
    this.#eventLease = new EventLease(deps.store, deps.clock);
  }

  async get<K extends Kind>(kind: K, key: ObjectKey): Promise<ObjectOf<K> | undefined> {
    const stored = await this.#deps.store.get(storeKey(kind, key));
    return stored && parseStored(kind, stored);
  }

  async list<K extends Kind>(
    kind: K,
    options: { namespace?: string; revision?: number } = {},
  ): Promise<{ items: ObjectOf<K>[]; revision: number }> {
    const prefix = prefixOf(kind, options.namespace);
    const items: ObjectOf<K>[] = [];
    let page: ListOptions = { ...(options.revision !== undefined && { revision: options.revision }), limit: LIST_PAGE };
    for (;;) {
      const { values, revision, more } = await this.#deps.store.list(prefix, page);
      for (const stored of values) items.push(parseStored(kind, stored));
      const last = values.at(-1);
      if (!more || last === undefined) return { items, revision };
      page = { revision, limit: LIST_PAGE, after: last.key };
    }
  }

  async revision(): Promise<number> {
    return this.#deps.store.revision();
  }

  async listPage<K extends Kind>(
    kind: K,
    { namespace, revision, after, limit }: PageOptions,
  ): Promise<{ items: ObjectOf<K>[]; more: boolean }> {
    const options = { revision, limit, ...(after && { after: storeKey(kind, after) }) };
    const { values, more } = await this.#deps.store.list(prefixOf(kind, namespace), options);
    return { items: values.map((stored) => parseStored(kind, stored)), more };
  }

  async create<K extends Kind>(kind: K, draft: Draft<ObjectOf<K>>, options: WriteOptions = {}): Promise<ObjectOf<K>> {
    const generated = (draft.metadata.name ?? '') === '';
    for (let race = 0; ; race++) {
      const object = this.#complete(kind, draft);
      const result = await this.#commit({ operation: 'create', object }, options);
      if (result.committed) return withRevision(object, result.revision);
      const isTaken = result.failed.includes(storeKey(kind, keyOf(object)));
      if (isTaken && !generated) throw alreadyExists(kind, object.metadata.name);
      this.#checkRaces(race, kind, object.metadata.name);
    }
  }

  async update<K extends Kind>(kind: K, object: ObjectOf<K>): Promise<ObjectOf<K>> {
    return this.modify(kind, keyOf(object), () => object, preconditionsOf(object));
  }

  async updateStatus<K extends Kind>(kind: K, object: ObjectOf<K>): Promise<ObjectOf<K>> {
    const { status } = object as { status?: unknown };
    const options: ModifyOptions = { ...preconditionsOf(object), part: 'status' };
    return this.modify(kind, keyOf(object), (current) => ({ ...current, status }), options);
  }

  async finalizeNamespace(namespace: ObjectOf<'Namespace'>): Promise<ObjectOf<'Namespace'>> {
    const options: ModifyOptions = { ...preconditionsOf(namespace), part: 'finalizers' };
    return this.modify('Namespace', keyOf(namespace), () => namespace, options);
  }

  async bindPod(key: ObjectKey, uid: string, nodeName: string): Promise<ObjectOf<'Pod'>> {
    return this.modify('Pod', key, (current) => this.#bound(current, nodeName), { uid, part: 'whole' });
  }

  async modify<K extends Kind>(
    kind: K,
    key: ObjectKey,
    change: (current: ObjectOf<K>) => ObjectOf<K>,
    options: ModifyOptions = {},
  ): Promise<ObjectOf<K>> {
    const { part = 'spec' } = options;
    for (let race = 0; ; race++) {
      const current = await this.get(kind, key);
      if (current === undefined) throw notFound(kind, key.name);
      checkPreconditions(kind, current, options);

      const given = change(current);
      refuseIfAny(kind, current, changedIdentity(current.metadata, given.metadata));
      const changed = nextOf(kind, current, given, part);
      if (isDeepStrictEqual(changed, current)) return current;
      const object = withGeneration(kind, current, changed);
      if (part !== 'whole') refuseIfAny(kind, object, validateUpdate(kind, object, current));

      const result = afterRemovalOf(kind, object)
        ? await this.#commit({ operation: 'delete', object: current }, options)
        : await this.#commit({ operation: 'update', object, previous: current }, options);
      if (result.committed) return withRevision(object, result.revision);
      const insists = options.resourceVersion !== undefined;
      if (insists && result.failed.includes(storeKey(kind, key))) throw modified(kind, key.name);
      this.#checkRaces(race, kind, key.name);
    }
  }

  async delete<K extends Kind>(kind: K, key: ObjectKey, options: DeleteOptions = {}): Promise<ObjectOf<K> | undefined> {
    for (let race = 0; ; race++) {
      const current = await this.get(kind, key);
      if (current === undefined) return undefined;
      checkPreconditions(kind, current, options);

      const marked = markedForDeletion(kind, current, options, this.#deps.clock.now());
      const goes = marked === 'remove';
      if (!goes && isDeepStrictEqual(marked, current)) return current;
      const result = goes
        ? await this.#commit({ operation: 'delete', object: current }, options)
        : await this.#commit({ operation: 'update', object: marked, previous: current }, options);
      if (result.committed) return withRevision(goes ? current : marked, result.revision);
      this.#checkRaces(race, kind, key.name);
    }
  }

  async *watch<K extends Kind>(
    kinds: readonly K[],
    options: { after: number; signal: AbortSignal },
  ): AsyncIterable<ChangeBatch<K>> {
    const wanted = new Set<Kind>(kinds);
    for await (const { revision, events } of this.#deps.store.watch(watchedPrefix(kinds), options)) {
      const changes = events.flatMap((event) => changeOf(event, revision, wanted) ?? []);
      yield { revision, changes: changes as ObjectChange<K>[] };
    }
  }

  /** Admits, validates and writes. `failed` names the keys of which something else was expected. */
  async #commit(write: AdmittedWrite, { dryRun = false }: WriteOptions): Promise<CommitResult> {
    const { operation, object } = write;
    const additions: Addition[] = [];
    try {
      for (const admission of this.#deps.admissions) additions.push(await admission.admit(write));
      if (operation !== 'delete') {
        const validate = operation === 'create' ? validateNewObject : validateObject;
        refuseIfAny(object.kind, object, validate(object.kind, object as never));
      }
      const own = { key: storeKey(object.kind, keyOf(object)), modRevision: readRevisionOf(write) };
      const conditions = [own, ...additions.flatMap((added) => added.conditions)];
      if (dryRun) return await this.#rehearse(conditions);
      const change = operation === 'delete' ? deletionOf(object) : await this.#put(object);
      return await this.#deps.store.commit({
        conditions,
        writes: [change, ...additions.flatMap(({ writes }) => writes)],
      });
    } finally {
      for (const { done } of additions) done?.();
    }
  }

  /** Whether a transaction with these conditions would be carried out now. */
  async #rehearse(conditions: readonly Condition[]): Promise<CommitResult> {
    const { store } = this.#deps;
    const stored = await Promise.all(conditions.map(({ key }) => store.get(key)));
    const failed = conditions.filter(({ modRevision }, i) => (stored[i]?.modRevision ?? 0) !== modRevision);
    const revision = stored[0]?.modRevision ?? 0;
    return failed.length === 0
      ? { committed: true, revision }
      : { committed: false, revision, failed: failed.map(({ key }) => key) };
  }

  async #put(object: AnyObject): Promise<Write> {
    const key = storeKey(object.kind, keyOf(object));
    const put = { op: 'put', key, value: storedValueOf(object) } as const;
    return object.kind === 'Event' ? { ...put, lease: await this.#eventLease.id() } : put;
  }

  /** What the author left out: identity, times, defaults; what only the server may say is taken away. */
  #complete<K extends Kind>(kind: K, draft: Draft<ObjectOf<K>>): ObjectOf<K> & AnyObject {
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
        name: metadata.name || this.#generatedName(metadata.generateName),
        ...(info.namespaced && { namespace: metadata.namespace ?? 'default' }),
        uid: this.#deps.random.uuid(),
        creationTimestamp: toTimestamp(this.#deps.clock.now()),
        ...(info.hasStatus && { generation: 1 }),
      },
    };
    const completed = applyDefaults(kind, plain(object) as unknown as ObjectOf<K>);
    info.prepareForCreate(completed as unknown as JsonObject);
    return completed as ObjectOf<K> & AnyObject;
  }

  #generatedName(prefix = ''): string {
    return prefix === '' ? '' : `${prefix.slice(0, 58)}${nameSuffix(this.#deps.random)}`;
  }

  #bound(pod: ObjectOf<'Pod'>, nodeName: string): ObjectOf<'Pod'> {
    const { name, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined) throw conflict('Pod', name, 'it is being deleted');
    const bound = pod.spec.nodeName;
    if (bound !== undefined) throw conflict('Pod', name, `it is already assigned to node "${bound}"`);
    const others = (pod.status.conditions ?? []).filter((condition) => condition.type !== 'PodScheduled');
    const lastTransitionTime = toTimestamp(this.#deps.clock.now());
    const scheduled = { type: 'PodScheduled', status: 'True' as const, lastTransitionTime };
    return {
      ...pod,
      spec: { ...pod.spec, nodeName },
      status: { ...pod.status, conditions: [...others, scheduled] },
    };
  }

  #checkRaces(race: number, kind: Kind, name: string): void {
    if (race >= RACES) throw conflict(kind, name, `it was changed ${RACES} times meanwhile`);
  }
}

function refuseIfAny(kind: Kind, object: AnyObject, problems: readonly { toString(): string }[]): void {
  if (problems.length > 0) throw invalid(kind, object.metadata.name, problems);
}

/** What the stored object is expected to be at; 0: none is there. */
function readRevisionOf(write: AdmittedWrite): number {
  if (write.operation === 'create') return 0;
  const { metadata } = write.operation === 'update' ? write.previous : write.object;
  return Number(metadata.resourceVersion);
}

function deletionOf(object: AnyObject): Write {
  return { op: 'delete', key: storeKey(object.kind, keyOf(object)) };
}

/** A write insists on the uid and the version that the object it hands in names. */
function preconditionsOf({ metadata }: AnyObject): ModifyOptions {
  const { uid, resourceVersion } = metadata;
  return { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
}

function prefixOf(kind: Kind, namespace: string | undefined): string {
  return `${KINDS[kind].storePrefix}${namespace === undefined ? '' : `${namespace}/`}`;
}

/** The narrowest prefix under which all `kinds` are kept. */
/** Who follows many kinds is told of every revision, of keys beside the objects too: so it knows how new it is. */
function watchedPrefix(kinds: readonly Kind[]): string {
  return kinds.length === 1 ? KINDS[kinds[0] as Kind].storePrefix : '/';
}
