/** What changed between two states of an object, as sets of fields. Tracking and conflicts are worked out from it. Pure. */
import { equalJson, isJsonObject, type Json, ownMember } from '../json.ts';
import { type FieldNode, type FieldSet, put, union } from './field-set.ts';
import { fieldElement, type PathElement } from './path-element.ts';
import { itemElement, itemStructure, memberStructure, type Structure } from './structure.ts';

/** No field is in two of them; all empty: nothing changed. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

type Change = keyof Comparison;
type Changes = Readonly<Record<Change, Map<PathElement, FieldNode>>>;

export function compareObjects(before: Json | undefined, after: Json | undefined, structure: Structure): Comparison {
  const changes = noChanges();
  compareInside(before, after, structure, changes);
  return changes;
}

export function isSame({ added, modified, removed }: Comparison): boolean {
  return added.size === 0 && modified.size === 0 && removed.size === 0;
}

/** What `after` says anew. */
export function changed({ added, modified }: Comparison): FieldSet {
  return union(modified, added);
}

function noChanges(): Changes {
  return { added: new Map(), modified: new Map(), removed: new Map() };
}

/** The changes of a value at `element`, put into those of what is around it. */
function compareAt(
  element: PathElement,
  before: Json | undefined,
  after: Json | undefined,
  structure: Structure,
  around: Changes,
): void {
  if (before === after) return;
  const isLeaf = structure.kind === 'value' || (isEmpty(before) && isEmpty(after));
  const kind: Change | undefined = before === undefined ? 'added' : after === undefined ? 'removed' : undefined;
  if (isLeaf) {
    const change = kind ?? (equalJson(before, after) ? undefined : 'modified');
    if (change !== undefined) put(around[change], element, true, new Map());
    return;
  }
  const inside = noChanges();
  compareInside(before, after, structure, inside);
  for (const change of ['added', 'modified', 'removed'] as const) {
    put(around[change], element, kind === change, inside[change]);
  }
}

function isEmpty(value: Json | undefined): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === undefined || value === null || (isJsonObject(value) && Object.keys(value).length === 0);
}

function compareInside(
  before: Json | undefined,
  after: Json | undefined,
  structure: Structure,
  changes: Changes,
): void {
  if (structure.kind === 'items' || structure.kind === 'set') compareItems(before, after, structure, changes);
  else compareMembers(before, after, structure, changes);
}

function compareMembers(
  before: Json | undefined,
  after: Json | undefined,
  structure: Structure,
  changes: Changes,
): void {
  const [was, is] = [isJsonObject(before) ? before : {}, isJsonObject(after) ? after : {}];
  for (const name of Object.keys(was)) {
    compareAt(fieldElement(name), was[name], ownMember(is, name), memberStructure(structure, name), changes);
  }
  for (const name of Object.keys(is)) {
    if (Object.hasOwn(was, name)) continue;
    compareAt(fieldElement(name), undefined, is[name], memberStructure(structure, name), changes);
  }
}

function compareItems(before: Json | undefined, after: Json | undefined, structure: Structure, changes: Changes): void {
  const [was, is] = [itemsByElement(before, structure), itemsByElement(after, structure)];
  const inner = itemStructure(structure);
  for (const element of new Set([...was.keys(), ...is.keys()])) {
    const [old = [], now = []] = [was.get(element), is.get(element)];
    if (old.length <= 1 && now.length <= 1) compareAt(element, old[0], now[0], inner, changes);
    else compareDoubles(element, old, now, inner, changes);
  }
}

/** Items that share their keys (a node's two InternalIPs) count as one value. */
function compareDoubles(element: PathElement, old: Json[], now: Json[], structure: Structure, changes: Changes): void {
  if (old.length > 1 && now.length > 1) {
    if (!equalJson(old, now)) put(changes.modified, element, true, new Map());
    return;
  }
  compareAt(element, old.length === 1 ? old[0] : undefined, now.length === 1 ? now[0] : undefined, structure, changes);
  const change = old.length > 1 ? changes.removed : changes.added;
  change.set(element, { owned: true, children: change.get(element)?.children ?? new Map() });
}

function itemsByElement(list: Json | undefined, structure: Structure): Map<PathElement, Json[]> {
  const items = new Map<PathElement, Json[]>();
  if (!Array.isArray(list)) return items;
  for (const item of list) {
    const element = itemElement(structure, item);
    if (element === undefined) continue;
    const others = items.get(element);
    if (others === undefined) items.set(element, [item]);
    else others.push(item);
  }
  return items;
}
