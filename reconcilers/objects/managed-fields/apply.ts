/**
 * Server-side apply: the applied configuration over the live object, fields that its manager applied before and no longer does taken
 * away, conflicts with other managers found. The API server calls it for every PATCH of type apply-patch. Pure.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
import type { JsonObject } from '../json.ts';
import { changed, compareObjects, isSame } from './compare.ts';
import { type Conflict, conflictsOf } from './conflicts.ts';
import { difference, type FieldSet, intersection, union, without } from './field-set.ts';
import { allowedByLastApplied, syncLastApplied } from './last-applied.ts';
import {
  identityOf,
  type Manager,
  type Managers,
  NO_MANAGERS,
  readManagers,
  takeAway,
  withManagers,
  withoutManagers,
} from './managers.ts';
import { mergeApplied, removeFields } from './merge-applied.ts';
import { fieldsOutOfReach, serverFields } from './own-fields.ts';
import { setOf, withNamedFields } from './set-of-object.ts';
import { type Structure, structureOf } from './structure.ts';
import { trackManagers } from './track-update.ts';
import { keepUnmovedTimes } from './unmoved-times.ts';

/** Whoever wrote the object before anything was applied to it. */
const BEFORE_FIRST_APPLY = 'before-first-apply';
/** The manager of `kubectl apply --server-side`, which takes over from client-side apply. */
const KUBECTL = 'kubectl';

export interface ApplyRequest {
  /** The object's type in schema.ts: `Pod`. */
  readonly type: string;
  readonly hasStatus: boolean;
  /** Undefined: the object is to be created. */
  readonly live: JsonObject | undefined;
  /** What is applied; it has passed `problemsOfApplied`. */
  readonly applied: JsonObject;
  readonly manager: string;
  readonly apiVersion: string;
  readonly subresource?: string;
  /** Takes fields over that others own with other values. */
  readonly force: boolean;
  /** Now: `2026-01-02T03:04:05Z`. */
  readonly time: string;
}

export type ApplyResult =
  /** The object to store, with its managedFields, not defaulted yet. Equal to the live one: there is nothing to write. */
  { readonly object: JsonObject } | { readonly conflicts: readonly Conflict[] };

export function applyServerSide(request: ApplyRequest): ApplyResult {
  const result = attempt(request);
  if ('conflicts' in result && request.manager === KUBECTL && request.live !== undefined) {
    const allowed = allowedByLastApplied(request.live, request.type, request.apiVersion);
    const others = result.conflicts.filter(({ path }) => !allowed.has(path));
    return others.length === 0 ? attempt({ ...request, force: true }) : { conflicts: others };
  }
  return result;
}

function attempt(request: ApplyRequest): ApplyResult {
  const { type, hasStatus, manager, apiVersion, subresource = '', force, time } = request;
  const structure = structureOf(type);
  const ignored = fieldsOutOfReach(subresource, hasStatus);
  const live = request.live === undefined ? {} : withoutManagers(request.live);
  const applied = removeFields(request.applied, ignored, structure) as JsonObject;
  const managers = managersBefore(request);
  const self: Manager = { manager, operation: 'Apply', apiVersion, subresource, fields: setOf(applied, structure) };
  const identity = identityOf(self);
  const last = managers.get(identity);

  const merged = mergeApplied(live, applied, structure) as JsonObject;
  const claims = new Map(managers).set(identity, self);
  const next = last === undefined ? merged : prune(merged, claims, last.fields, structure);

  const comparison = compareObjects(live, next, structure);
  const news = without(changed(comparison), ignored);
  const others = takeAway(managers, (id, { fields }) => (id === identity ? EMPTY : fields));
  const conflicts = conflictsOf(others, (fields) => intersection(fields, news));
  if (conflicts.length > 0 && !force) return { conflicts };

  const gone = without(comparison.removed, ignored);
  const kept = new Map(takeAway(others, (_, { fields }) => difference(difference(fields, news), gone)));
  const same = isSame(comparison);
  const own = difference(self.fields, serverFields());
  const since = same ? last?.time : time;
  if (own.size > 0) kept.set(identity, { ...self, fields: own, ...(since !== undefined && { time: since }) });
  const object = manager === KUBECTL ? syncLastApplied(next, request.applied) : next;
  return { object: keepUnmovedTimes(request.live, withManagers(object, kept)) };
}

const EMPTY: FieldSet = new Map();

/** The live object's managers; what was there before the first apply is claimed by somebody of that name. */
function managersBefore({ live, type, hasStatus, apiVersion, subresource, time }: ApplyRequest): Managers {
  const managers = readManagers(live) ?? NO_MANAGERS;
  if (managers.size > 0 || live === undefined) return managers;
  const write = { type, hasStatus, before: undefined, after: withoutManagers(live) };
  const writer = { manager: BEFORE_FIRST_APPLY, apiVersion, time, ...(subresource !== undefined && { subresource }) };
  return trackManagers(write, writer, NO_MANAGERS);
}

/**
 * Takes away what this manager applied last, does not apply now, and nobody else claims. Objects and lists go with the last of their
 * members where they were its own.
 */
function prune(merged: JsonObject, claims: Managers, last: FieldSet, structure: Structure): JsonObject {
  const named = (set: FieldSet): FieldSet => withNamedFields(set, structure);
  const remove = (set: FieldSet): JsonObject => (removeFields(merged, set, structure) ?? {}) as JsonObject;
  const all = named(setOf(merged, structure));
  const lastNamed = named(last);
  const claimed = named([...claims.values()].map(({ fields }) => fields).reduce(union, EMPTY));
  const withoutOwn = named(setOf(remove(lastNamed), structure));
  const addedBack = named(setOf(remove(difference(all, union(withoutOwn, claimed))), structure));
  return remove(intersection(difference(all, addedBack), lastNamed));
}
