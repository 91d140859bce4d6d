/**
 * The three-way merge by which a manifest is applied to a live object: what the author declares wins, what the author no longer
 * declares goes, what others or defaulting filled in stays. manifest-sync calls it for every declared object of a commit.
 *
 * Lists merge item by item where Kubernetes gives them a key, and are replaced whole elsewhere. See
 * https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/#merge-patch-calculation
 */
import { changedFields } from './changed-fields.ts';
import { applyDefaults } from './defaults.ts';
import { child, element } from './field-path.ts';
import {
  copyJson,
  equalJson,
  isJsonObject,
  type Json,
  type JsonObject,
  ownMember,
  setMember,
  stableJson,
  textOf,
} from './json.ts';
import type { Kind, ObjectOf } from './kinds.ts';

export interface MergeResult<K extends Kind> {
  /** The live object as it should be, defaulted; its status and server-set metadata are the live ones. */
  readonly merged: ObjectOf<K>;
  /** `spec.replicas`, `spec.template.spec.containers[0].image`: where merged differs from live. Empty: nothing to write. */
  readonly changedFields: readonly string[];
}

/**
 * `lastApplied` and `declared` are manifests as their author wrote them (not defaulted); `lastApplied` is undefined where the
 * object was not applied before, and nothing is then removed. `live` is the stored, defaulted object.
 *
 * A live value that merely is the default of what was applied last (a selector copied from the template's labels) follows what
 * is declared now, instead of pinning yesterday's.
 */
export function threeWayMerge<K extends Kind>(
  kind: K,
  lastApplied: JsonObject | undefined,
  declared: JsonObject,
  live: ObjectOf<K>,
): MergeResult<K> {
  const before = live as unknown as JsonObject;
  const last = withoutServerFields(lastApplied ?? {});
  const wanted = withoutServerFields(declared);
  const lastDefaulted = withoutServerFields(applyDefaults(kind, last) as unknown as JsonObject);
  const base = lastApplied === undefined ? before : dropDefaulted(before, last, lastDefaulted, '');
  const patched = mergeObject(last, wanted, base as JsonObject, '');
  const merged = applyDefaults(kind, patched);
  // Of an older version's object, what defaulting would add is no change.
  const defaulted = applyDefaults(kind, before) as unknown as JsonObject;
  return { merged, changedFields: changedFields(defaulted, merged as unknown as JsonObject) };
}

/** Identity, status and what only the server writes are never part of what is applied. */
function withoutServerFields(manifest: JsonObject): JsonObject {
  const { status: _status, ...rest } = manifest;
  if (!isJsonObject(rest.metadata)) return rest;
  const {
    uid: _uid,
    resourceVersion: _revision,
    generation: _generation,
    creationTimestamp: _created,
    deletionTimestamp: _deleted,
    managedFields: _managers,
    ...metadata
  } = rest.metadata;
  return { ...rest, metadata };
}

/** Merge keys by the list's member name: `k8s.io/api/core/v1` listMapKey, with the protocol as server-side apply has it. */
const MERGE_KEYS: Readonly<Record<string, (item: JsonObject) => string>> = {
  containers: (item) => textOf(item.name),
  env: (item) => textOf(item.name),
  volumes: (item) => textOf(item.name),
  volumeMounts: (item) => textOf(item.mountPath),
  ports: (item) => {
    const port = textOf(item.containerPort ?? item.port);
    return port && `${port}/${textOf(item.protocol) || 'TCP'}`;
  },
  // Atomic in Kubernetes, whose admission puts back what it had added; here what was added stays.
  tolerations: (item) => stableJson({ ...item, tolerationSeconds: undefined }),
  conditions: (item) => textOf(item.type),
  ownerReferences: (item) => textOf(item.uid),
};

/** Lists of plain values that are sets: what others added stays. */
const SETS = new Set(['metadata.finalizers']);

function mergeObject(last: JsonObject, declared: JsonObject, live: JsonObject, path: string): JsonObject {
  const result: JsonObject = {};
  for (const key of new Set([...Object.keys(live), ...Object.keys(declared)])) {
    const was = ownMember(last, key);
    const want = ownMember(declared, key);
    const is = ownMember(live, key);
    if (want !== undefined) {
      setMember(result, key, mergeValue(was, want, is, child(path, key), key));
      continue;
    }
    const kept = was === undefined ? is : undeclared(was, is, child(path, key), key);
    if (kept !== undefined) setMember(result, key, copyJson(kept));
  }
  return result;
}

/** What remains of a member that is no longer declared: of a map or keyed list, what others put into it. */
function undeclared(was: Json, is: Json | undefined, path: string, key: string): Json | undefined {
  if (isJsonObject(was) && isJsonObject(is)) {
    const rest = mergeObject(was, {}, is, path);
    return Object.keys(rest).length === 0 ? undefined : rest;
  }
  if (Array.isArray(was) && Array.isArray(is)) {
    const rest = mergeList(was, [], is, path, key);
    return rest.length === 0 ? undefined : rest;
  }
  return undefined;
}

function mergeValue(was: Json | undefined, want: Json, is: Json | undefined, path: string, key: string): Json {
  if (isJsonObject(want)) {
    return mergeObject(isJsonObject(was) ? was : {}, want, isJsonObject(is) ? is : {}, path);
  }
  if (Array.isArray(want))
    return mergeList(Array.isArray(was) ? was : [], want, Array.isArray(is) ? is : [], path, key);
  return want;
}

/** Declared items first, in their order; then what others added, in theirs. */
function mergeList(was: Json[], want: Json[], is: Json[], path: string, name: string): Json[] {
  if (SETS.has(path)) {
    const added = is.filter((item) => !was.includes(item) && !want.includes(item));
    return [...want, ...added];
  }
  const [wasByKey, wantByKey, isByKey] = [was, want, is].map((list) => byKey(list, name));
  if (wasByKey === undefined || wantByKey === undefined || isByKey === undefined) return copyJson(want);
  const result: Json[] = [];
  for (const [key, item] of wantByKey) {
    result.push(mergeObject(wasByKey.get(key) ?? {}, item, isByKey.get(key) ?? {}, element(path, key)));
  }
  for (const [key, item] of isByKey) if (!wantByKey.has(key) && !wasByKey.has(key)) result.push(copyJson(item));
  return result;
}

/** Undefined where the list has no merge key, or an item has none of its own: then it is replaced whole. */
function byKey(list: readonly Json[], name: string): Map<string, JsonObject> | undefined {
  const keyOf = MERGE_KEYS[name];
  if (keyOf === undefined) return undefined;
  const items = new Map<string, JsonObject>();
  for (const item of list) {
    const key = isJsonObject(item) ? keyOf(item) : '';
    if (key === '' || items.has(key)) return undefined;
    items.set(key, item as JsonObject);
  }
  return items;
}

/** `live` without the values that only defaulting of `last` put there. */
function dropDefaulted(
  live: Json,
  last: Json | undefined,
  defaulted: Json | undefined,
  path: string,
): Json | undefined {
  if (last === undefined) return equalJson(live, defaulted) ? undefined : live;
  if (isJsonObject(live) && isJsonObject(last) && isJsonObject(defaulted)) {
    const result: JsonObject = {};
    for (const [key, value] of Object.entries(live)) {
      if (value === undefined) continue;
      const kept = dropDefaulted(value, ownMember(last, key), ownMember(defaulted, key), child(path, key));
      if (kept !== undefined) setMember(result, key, kept);
    }
    return result;
  }
  if (Array.isArray(live) && Array.isArray(last) && Array.isArray(defaulted)) {
    const name = path.slice(path.lastIndexOf('.') + 1);
    const [lastItems, defaultedItems] = [byKey(last, name), byKey(defaulted, name)];
    const keyOf = MERGE_KEYS[name];
    if (lastItems === undefined || defaultedItems === undefined || keyOf === undefined) return live;
    return live.map((item) => {
      const key = isJsonObject(item) ? keyOf(item) : '';
      const lastItem = lastItems.get(key);
      if (lastItem === undefined) return item;
      return dropDefaulted(item, lastItem, defaultedItems.get(key), element(path, key)) ?? item;
    });
  }
  return live;
}
