/**
 * Field sets as managedFields carries them (`fieldsV1`): `{"f:data":{".":{},"f:color":{}}}`. A dot is the node itself; an empty
 * object is a node without children. Pure.
 */
import { isJsonObject, type JsonObject } from '../json.ts';
import { EMPTY, type FieldNode, type FieldSet, LEAF } from './field-set.ts';
import { compareElements, type PathElement, parseElement } from './path-element.ts';

/** Undefined where `fields` holds something that is no field set. */
export function parseFieldsV1(fields: JsonObject): FieldSet | undefined {
  const set = new Map<PathElement, FieldNode>();
  for (const [key, below] of Object.entries(fields)) {
    if (key === '.') continue;
    const element = parseElement(key);
    if (element === undefined || !isJsonObject(below)) return undefined;
    const children = parseFieldsV1(below);
    if (children === undefined) return undefined;
    if (children.size === 0) set.set(element, LEAF);
    else set.set(element, { owned: Object.hasOwn(below, '.'), children });
  }
  return set.size === 0 ? EMPTY : set;
}

export function printFieldsV1(set: FieldSet): JsonObject {
  const fields: JsonObject = {};
  for (const element of [...set.keys()].toSorted(compareElements)) {
    const node = set.get(element) ?? LEAF;
    const below = printFieldsV1(node.children);
    fields[element] = node.owned && node.children.size > 0 ? { '.': {}, ...below } : below;
  }
  return fields;
}
