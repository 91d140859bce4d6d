/**
 * Keeps `metadata.managedFields` up to date when an object is created, updated or patched: whoever wrote owns what changed, and who
 * owned it before does no more. The registry calls it for every write that is to be tracked. Pure.
 *
 * A write that is not tracked must carry the live managedFields over unchanged; that is right for what no client ever applies (the
 * status that a loop writes), and costs nothing.
 */
import { isJsonObject, type Json, type JsonObject, objectAt } from '../json.ts';
import { changed, compareObjects } from './compare.ts';
import { difference, type FieldSet, union, without } from './field-set.ts';
import {
  compareText,
  identityOf,
  type Manager,
  type Managers,
  NO_MANAGERS,
  printManagers,
  readManagers,
  secondsOf,
  takeAway,
  withoutManagers,
} from './managers.ts';
import { fieldsOutOfReach, serverFields } from './own-fields.ts';
import { structureOf } from './structure.ts';

/** Entries of updates beyond these are folded into one, the oldest first. */
const MAX_UPDATERS = 10;
const ANCIENT = 'ancient-changes';

export interface Writer {
  /** `fieldManager` of the request, or what its user agent begins with. */
  readonly manager: string;
  readonly apiVersion: string;
  /** `status`, `scale`; absent for the object itself. */
  readonly subresource?: string;
  /** Now: `2026-01-02T03:04:05Z`. */
  readonly time: string;
}

export interface TrackedWrite {
  /** The object's type in schema.ts: `Pod`. */
  readonly type: string;
  /** Whether its status is a subresource, so that others write it. */
  readonly hasStatus: boolean;
  /** Undefined: the object is being created. */
  readonly before: JsonObject | undefined;
  /** As it is to be stored, its managedFields as the client gave them, if it did. */
  readonly after: JsonObject;
}

/**
 * The managedFields that `after` is to carry; undefined: none. The very list of `before` where nothing changed. An object that was
 * not tracked from its creation on is not, until something is applied to it; a client that sends `managedFields: [{}]` or an empty
 * list ends the tracking.
 */
export function trackUpdate(write: TrackedWrite, writer: Writer): Json[] | undefined {
  const { before, after } = write;
  const given = managersOf(write, writer);
  if (given.size === 0 && before !== undefined) return undefined;
  const managers = trackManagers(write, writer, given);
  const live = objectAt(before, 'metadata')?.managedFields;
  const isAsBefore = managers === given && objectAt(after, 'metadata')?.managedFields === undefined;
  return isAsBefore && Array.isArray(live) ? live : printManagers(managers);
}

/** The managers after the write; `given` itself where it changed no field that anybody may own. */
export function trackManagers(write: TrackedWrite, writer: Writer, given: Managers): Managers {
  const { type, hasStatus, before, after } = write;
  const { manager, apiVersion, time, subresource = '' } = writer;
  const structure = structureOf(type);
  const from = before === undefined ? untouched(type, after) : withoutManagers(before);
  const comparison = compareObjects(from, withoutManagers(after), structure);
  const ignored = fieldsOutOfReach(subresource, hasStatus);
  const taken = difference(without(changed(comparison), ignored), serverFields());
  const gone = without(comparison.removed, ignored);
  if (taken.size === 0 && gone.size === 0) return given;

  const others = takeAway(given, (_, { fields }) => difference(difference(fields, taken), gone));
  if (taken.size === 0) return others;
  const entry: Manager = { manager, operation: 'Update', apiVersion, time, subresource, fields: taken };
  const identity = identityOf(entry);
  const fields = union(others.get(identity)?.fields ?? NOTHING, taken);
  return capUpdaters(new Map(others).set(identity, { ...entry, fields }));
}

const NOTHING: FieldSet = new Map();

/** The client's managedFields, where it sent some that are to be believed; else the live ones. */
function managersOf({ before, after }: TrackedWrite, { subresource = '' }: Writer): Managers {
  const live = (): Managers => readManagers(before) ?? NO_MANAGERS;
  const given = objectAt(after, 'metadata')?.managedFields;
  if (subresource !== '' || !Array.isArray(given)) return live();
  if (given.length === 0 || (given.length === 1 && isEmptyEntry(given[0]))) return NO_MANAGERS;
  const managers = readManagers(after);
  return managers === undefined || managers.size === 0 ? live() : managers;
}

function isEmptyEntry(entry: Json | undefined): boolean {
  return isJsonObject(entry) && Object.keys(entry).length === 0;
}

/** Members that Go's types hold by value: they are there before anybody has written them, so nobody owns them as such. */
const ALWAYS_THERE = new Set(['metadata', 'spec', 'status', 'template', 'jobTemplate', 'strategy', 'updateStrategy']);

/** The object as it was before its creation. */
function untouched(type: string, after: JsonObject): JsonObject {
  const empty: JsonObject = {};
  for (const [name, value] of Object.entries(after)) {
    if (isJsonObject(value) && ALWAYS_THERE.has(name) && !(type === 'ReplicationController' && name === 'template')) {
      empty[name] = untouched(type, value);
    } else if (name === 'containers') {
      empty[name] = [];
    }
  }
  return empty;
}

function capUpdaters(managers: Managers): Managers {
  const updaters = [...managers].filter(([, { operation }]) => operation === 'Update');
  if (updaters.length <= MAX_UPDATERS) return managers;
  updaters.sort(([a, x], [b, y]) => secondsOf(x) - secondsOf(y) || compareText(a, b));
  const capped = new Map(managers);
  const firsts = new Map<string, [string, Manager]>();
  let count = updaters.length;
  for (const [identity, manager] of updaters) {
    if (count <= MAX_UPDATERS) break;
    const { apiVersion } = manager;
    const bucket = identityOf({ manager: ANCIENT, operation: 'Update', apiVersion, subresource: '' });
    const first = firsts.get(apiVersion);
    if (first === undefined) {
      firsts.set(apiVersion, [identity, manager]);
      continue;
    }
    const old = capped.get(bucket) ?? first[1];
    capped.delete(first[0]);
    capped.delete(identity);
    const { time } = manager;
    const fields = union(old.fields, manager.fields);
    const folded: Manager = { manager: ANCIENT, operation: 'Update', apiVersion, subresource: '', fields };
    capped.set(bucket, time === undefined ? folded : { ...folded, time });
    count--;
  }
  return capped;
}
