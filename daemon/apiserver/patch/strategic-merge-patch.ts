/**
 * Strategic merge patch: what `kubectl apply`, `edit`, `patch`, `set` and `taint` send. Objects merge member by member, lists as
 * the table of field strategies says, and directives inside the patch (`$patch`, `$setElementOrder/x`, `$deleteFromPrimitiveList/x`,
 * `$retainKeys`) say the rest. Pure; see
 * https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 */
import { strategyOf } from '../../../reconcilers/objects/field-strategies.ts';
import {
  copyJson,
  isJsonObject,
  type Json,
  type JsonObject,
  ownMember,
  setMember,
} from '../../../reconcilers/objects/json.ts';
import { fieldsOfType } from '../../../reconcilers/objects/schema.ts';
import {
  badPatch,
  DELETE_FROM_LIST,
  DIRECTIVE,
  goText,
  RETAIN_KEYS,
  SET_ORDER,
  withoutDirectives,
} from './directives.ts';
import { type ListOf, mergeList, orderList } from './strategic-list.ts';

/** `target`, of `type` in schema.ts, as `patch` changes it. */
export function applyStrategicMergePatch(target: JsonObject, patch: JsonObject, type: string): JsonObject {
  return mergeObject(copyJson(target), copyJson(patch), type);
}

/** Changes and answers `original`; eats up `patch`. */
function mergeObject(original: JsonObject, patch: JsonObject, type: string): JsonObject {
  const directive = ownMember(patch, DIRECTIVE);
  if (directive !== undefined) return replaceOrDelete(directive, patch);
  retainKeys(original, patch);
  const order = takeOrders(patch);
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_FROM_LIST)) deleteFromList(original, key.slice(DELETE_FROM_LIST.length), value ?? null);
    else if (value === null || value === undefined) delete original[key];
    else if (Object.hasOwn(original, key) || !isDeletion(value))
      setMember(original, key, mergeMember(ownMember(original, key), value, type, key, order.get(key)));
  }
  for (const [key, wanted] of order) {
    const list = ownMember(original, key);
    if (Object.hasOwn(patch, key) || list === undefined) continue;
    if (!Array.isArray(list)) throw badPatch(`expected a list, but received ${goText(list)}`);
    original[key] = orderList(list, wanted, list, strategyOf(type, key).mergeKey);
  }
  return original;
}

function mergeMember(was: Json | undefined, value: Json, type: string, key: string, order: Json[] | undefined): Json {
  const { patch, mergeKey } = strategyOf(type, key);
  if (Array.isArray(value)) {
    const list: ListOf = { mergeKey, mergeItems: (item, change) => mergeObject(item, change, memberType(type, key)) };
    return mergeList(was, value, patch === 'merge', list, order);
  }
  if (!isJsonObject(value)) return value;
  if (patch === 'replace' || !isJsonObject(was)) return withoutDirectives(value);
  return mergeObject(was, value, memberType(type, key));
}

function replaceOrDelete(directive: Json, patch: JsonObject): JsonObject {
  const { [DIRECTIVE]: _, ...rest } = patch;
  if (directive === 'replace') return withoutDirectives(rest) as JsonObject;
  if (directive === 'delete') return {};
  throw badPatch(`unknown patch type: ${goText(directive)} in map: ${goText(patch)}`);
}

function isDeletion(value: Json): boolean {
  return isJsonObject(value) && value[DIRECTIVE] === 'delete';
}

/** `$retainKeys`: of the original only these members stay; every member of the patch must be among them. */
function retainKeys(original: JsonObject, patch: JsonObject): void {
  const retained = ownMember(patch, RETAIN_KEYS);
  if (retained === undefined) return;
  delete patch[RETAIN_KEYS];
  if (!Array.isArray(retained)) throw badPatch('invalid patch format of retainKeys');
  for (const [key, value] of Object.entries(patch)) {
    const isDirective = key.startsWith(DELETE_FROM_LIST) || key.startsWith(SET_ORDER);
    if (value !== null && !isDirective && !retained.includes(key)) throw badPatch('invalid patch format of retainKeys');
  }
  for (const key of Object.keys(original)) if (!retained.includes(key)) delete original[key];
}

/** Takes the `$setElementOrder/x` out of the patch: field → order. */
function takeOrders(patch: JsonObject): Map<string, Json[]> {
  const orders = new Map<string, Json[]>();
  for (const [key, value] of Object.entries(patch)) {
    if (!key.startsWith(SET_ORDER)) continue;
    delete patch[key];
    if (!Array.isArray(value)) throw badPatch('invalid patch format of setElementOrder list');
    orders.set(key.slice(SET_ORDER.length), value);
  }
  return orders;
}

function deleteFromList(original: JsonObject, key: string, values: Json): void {
  const list = ownMember(original, key);
  if (list === undefined) return;
  if (!Array.isArray(values) || !Array.isArray(list)) throw badPatch('invalid patch format of primitive list');
  original[key] = list.filter((item) => !values.includes(item));
}

/** The type of what a field holds: an object's, a list's items', a map's values'. */
function memberType(type: string, key: string): string {
  const fields = fieldsOfType(type);
  const declared = fields !== undefined && Object.hasOwn(fields, key) ? fields[key] : undefined;
  return (declared ?? '').replace(/^(\[\]|\{\})/, '');
}
