/** Lays what is applied over the live object, and takes fields out of one again. The two halves of server-side apply's merge. Pure. */
import { isJsonObject, type Json, type JsonObject, ownMember, setMember } from '../json.ts';
import { EMPTY, type FieldSet } from './field-set.ts';
import { fieldElement, type PathElement } from './path-element.ts';
import { itemElement, itemStructure, memberStructure, type Structure } from './structure.ts';

/** `applied` over `live`; neither is changed, the result shares parts of both. */
export function mergeApplied(
  live: Json | undefined,
  applied: Json | undefined,
  structure: Structure,
): Json | undefined {
  if (applied === undefined || applied === null) return live;
  if (structure.kind === 'items' || structure.kind === 'set') {
    return Array.isArray(live) && Array.isArray(applied) ? mergeItems(live, applied, structure) : applied;
  }
  if (structure.kind === 'value' || !isJsonObject(live) || !isJsonObject(applied)) return applied;
  const merged: JsonObject = { ...live };
  for (const [name, value] of Object.entries(applied)) {
    setMember(merged, name, mergeApplied(ownMember(live, name), value, memberStructure(structure, name)));
  }
  return merged;
}

/** In the applied order; items only the live list has keep their places between those that both have. */
function mergeItems(live: Json[], applied: Json[], structure: Structure): Json[] {
  const inner = itemStructure(structure);
  const [left, right] = [live, applied].map((list) => list.map((item) => itemElement(structure, item) ?? ''));
  if (left === undefined || right === undefined) return applied;
  const liveAt = new Map(left.map((element, i) => [element, live[i]] as const).toReversed());
  const wanted = new Set(right);
  const shared = right.filter((element) => liveAt.has(element));
  const taken = new Set<PathElement>();
  const merged: Json[] = [];
  const take = (at: number): void => {
    const element = right[at] ?? '';
    taken.add(element);
    if (shared[0] === element) shared.shift();
    merged.push(mergeApplied(liveAt.get(element), applied[at], inner) ?? null);
  };
  let [l, r] = [0, 0];
  while (l < left.length || r < right.length) {
    const element = left[l];
    if (element === undefined) take(r++);
    else if (!wanted.has(element)) merged.push(live[l++] ?? null);
    else if (taken.has(element)) l++;
    else if (element === right[r]) {
      take(r++);
      l++;
    } else if (shared[0] !== element) l++;
    else take(r++);
  }
  return merged;
}

/** `value` without the fields in `set`; undefined where nothing of it is left. */
export function removeFields(value: Json | undefined, set: FieldSet, structure: Structure): Json | undefined {
  if (set.size === 0) return value;
  if (Array.isArray(value)) {
    const kept: Json[] = [];
    for (const item of value) {
      const node = set.get(itemElement(structure, item) ?? '');
      if (node?.owned) continue;
      const rest = removeFields(item, node?.children ?? EMPTY, itemStructure(structure));
      if (rest !== undefined) kept.push(rest);
    }
    return kept.length === 0 ? undefined : kept;
  }
  if (!isJsonObject(value)) return value;
  const kept: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    const node = set.get(fieldElement(name));
    if (node?.owned) continue;
    const rest = removeFields(member, node?.children ?? EMPTY, memberStructure(structure, name));
    if (rest !== undefined) setMember(kept, name, rest);
  }
  return Object.keys(kept).length === 0 ? undefined : kept;
}
