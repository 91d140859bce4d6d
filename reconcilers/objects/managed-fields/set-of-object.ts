/** The fields that an object, or what somebody applies, has a say about. Pure. */
import { isJsonObject, type Json } from '../json.ts';
import { EMPTY, type FieldNode, type FieldSet, LEAF, put } from './field-set.ts';
import { fieldElement, nameOfField, type PathElement } from './path-element.ts';
import { isNamedField, itemElement, itemStructure, memberStructure, type Structure } from './structure.ts';

/** Leaves, the items of lists and the keys of maps; of objects and lists themselves only those that are empty. */
export function setOf(value: Json | undefined, structure: Structure): FieldSet {
  if (structure.kind === 'object' || structure.kind === 'map') return setOfMembers(value, structure);
  if (structure.kind === 'items' || structure.kind === 'set') return setOfItems(value, structure);
  return EMPTY;
}

function setOfMembers(value: Json | undefined, structure: Structure): FieldSet {
  if (!isJsonObject(value)) return EMPTY;
  const set = new Map<PathElement, FieldNode>();
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const inner = memberStructure(structure, name);
    const isEmpty = member === null || (isJsonObject(member) && Object.keys(member).length === 0);
    const owned = isEmpty || inner.kind === 'value' || structure.kind === 'map';
    put(set, fieldElement(name), owned, setOf(member, inner));
  }
  return set;
}

function setOfItems(value: Json | undefined, structure: Structure): FieldSet {
  if (!Array.isArray(value)) return EMPTY;
  const set = new Map<PathElement, FieldNode>();
  for (const item of value) {
    const element = itemElement(structure, item);
    if (element === undefined) continue;
    const children = setOf(item, itemStructure(structure));
    set.set(element, children.size === 0 ? LEAF : { owned: true, children });
  }
  return set;
}

/**
 * The set with every field in it that the types name and of which something is in the set: who owned all of an object owned the
 * object, and it goes with the last of its members.
 */
export function withNamedFields(set: FieldSet, structure: Structure): FieldSet {
  if (set.size === 0) return set;
  const result = new Map<PathElement, FieldNode>();
  for (const [element, node] of set) {
    const name = nameOfField(element);
    const inner = name === undefined ? itemStructure(structure) : memberStructure(structure, name);
    const owned = node.owned || (name !== undefined && isNamedField(structure, name));
    put(result, element, owned, withNamedFields(node.children, inner));
  }
  return result;
}
