/**
 * The lists of a strategic merge patch: items merge by their key (or as a set of plain values), then both sides' items are put into
 * one order, the patch's own first of all and the live one's where the patch says nothing. Called for one list at a time. Pure.
 */
import { equalJson, isJsonObject, type Json, type JsonObject } from '../../../reconcilers/objects/json.ts';
import { badPatch, DIRECTIVE, goText, withoutDirectives } from './directives.ts';

export interface ListOf {
  /** Undefined: a list of plain values. */
  readonly mergeKey: string | undefined;
  /** Merges one item; may change and answer `item`. */
  mergeItems(item: JsonObject, change: JsonObject): JsonObject;
}

/**
 * The list that `was` and the patch's `change` make. `merges` is whether the field's strategy merges at all; `order` is the field's
 * `$setElementOrder`, where the patch has one.
 */
export function mergeList(
  was: Json | undefined,
  change: Json[],
  merges: boolean,
  list: ListOf,
  order: Json[] | undefined,
): Json {
  if (order !== undefined) checkOrder(change, order, list.mergeKey);
  if (was === undefined || (!Array.isArray(was) && order === undefined)) {
    const added = withoutDirectives(change) as Json[];
    return order === undefined ? added : orderList(added, order, [], list.mergeKey);
  }
  if (!Array.isArray(was)) throw badPatch(`expected a list, but received ${goText(was)}`);
  const merged = merges ? mergeItems(was, change, list) : change;
  return order === undefined ? merged : orderList(merged, order, was, list.mergeKey);
}

function mergeItems(was: Json[], change: Json[], list: ListOf): Json[] {
  if (was.length === 0 && change.length === 0) return was;
  const items = [...was, ...change];
  if (items.some(Array.isArray)) throw badPatch('lists of lists are not supported');
  if (!items.every((item) => isJsonObject(item) === isJsonObject(items[0]))) {
    throw badPatch('list element types are not identical');
  }
  if (!isJsonObject(items[0])) {
    return orderList([...new Set(items)], change, was, undefined);
  }
  const { mergeKey } = list;
  if (mergeKey === undefined) throw badPatch('cannot merge lists without merge key');
  const { kept, plain } = takeSpecialItems(was as JsonObject[], change as JsonObject[], mergeKey);
  const merged: JsonObject[] = [...kept];
  for (const item of plain) {
    const key = keyOf(item, mergeKey);
    const at = merged.findIndex((candidate) => equalJson(candidate[mergeKey], key));
    const live = merged[at];
    if (live === undefined) merged.push(withoutDirectives(item) as JsonObject);
    else merged[at] = list.mergeItems(live, item);
  }
  return orderList(merged, plain, kept, mergeKey);
}

/** Obeys the items that only carry a directive: `$patch: delete` takes its match away, `replace` all that was there. */
function takeSpecialItems(
  was: JsonObject[],
  change: JsonObject[],
  mergeKey: string,
): { kept: JsonObject[]; plain: JsonObject[] } {
  let kept = was;
  let replaces = false;
  const plain: JsonObject[] = [];
  for (const item of change) {
    const directive = item[DIRECTIVE];
    if (directive === undefined) plain.push(item);
    else if (directive === 'replace') replaces = true;
    else if (directive === 'merge') throw badPatch('merging lists cannot yet be specified in the patch');
    else if (directive === 'delete') {
      const key = keyOf(item, mergeKey, 'delete patch type with no merge key defined');
      kept = kept.filter((candidate) => !equalJson(candidate[mergeKey], key));
    } else throw badPatch(`unknown patch type: ${goText(directive)} in map: ${goText(item)}`);
  }
  return { kept: replaces ? [] : kept, plain };
}

function keyOf(item: JsonObject, mergeKey: string, otherwise?: string): Json {
  const key = item[mergeKey];
  if (key !== undefined) return key;
  throw badPatch(otherwise ?? `map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
}

/**
 * `items` in one order: those that `wanted` names as it names them, the others as they stand in `live`; where the two meet, `live`
 * decides which comes first.
 */
export function orderList(items: Json[], wanted: Json[], live: Json[], mergeKey: string | undefined): Json[] {
  const identity = (item: Json) => JSON.stringify(mergeKey !== undefined && isJsonObject(item) ? item[mergeKey] : item);
  const wantedAt = positions(wanted, identity);
  const liveAt = positions(live, identity);
  const at = (item: Json) => liveAt.get(identity(item) ?? '');
  const ours = items
    .filter((item) => wantedAt.has(identity(item) ?? ''))
    .toSorted((a, b) => (wantedAt.get(identity(a) ?? '') ?? 0) - (wantedAt.get(identity(b) ?? '') ?? 0));
  const others = items
    .filter((item) => !wantedAt.has(identity(item) ?? ''))
    .toSorted((a, b) => (at(a) ?? Number.MAX_SAFE_INTEGER) - (at(b) ?? Number.MAX_SAFE_INTEGER));
  const ordered: Json[] = [];
  let next = 0;
  for (const item of ours) {
    const place = at(item);
    while (place !== undefined && next < others.length && (at(others[next] as Json) ?? Infinity) < place) {
      ordered.push(others[next++] as Json);
    }
    ordered.push(item);
  }
  return [...ordered, ...others.slice(next)];
}

function positions(list: Json[], identity: (item: Json) => string | undefined): Map<string, number> {
  const result = new Map<string, number>();
  for (const [i, item] of list.entries()) {
    const key = identity(item) ?? '';
    if (!result.has(key)) result.set(key, i);
  }
  return result;
}

/** What the patch's list holds must stand in `$setElementOrder` in the same order. */
function checkOrder(change: Json[], order: Json[], mergeKey: string | undefined): void {
  const identity = (item: Json) => (mergeKey !== undefined && isJsonObject(item) ? item[mergeKey] : item);
  const kept = mergeKey === undefined ? change : change.filter((item) => !isJsonObject(item) || !(DIRECTIVE in item));
  if (kept.length === 0 || order.length === 0) return;
  if (mergeKey !== undefined) for (const item of kept) if (isJsonObject(item)) keyOf(item, mergeKey);
  let next = 0;
  for (const wanted of order) {
    const item = kept[next];
    if (item !== undefined && equalJson(identity(item), identity(wanted))) next++;
  }
  if (next < kept.length) {
    throw badPatch(
      `The order in patch list:\n${goText(change)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`,
    );
  }
}
