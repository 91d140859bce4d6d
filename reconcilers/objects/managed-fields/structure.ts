/**
 * How server-side apply sees a type: what is one value, what merges member by member, what item by item. Made of the schema's types
 * and the table of field strategies; every other file of this folder walks objects along it.
 */
import { ATOMIC_TYPES, type FieldStrategy, strategyOf } from '../field-strategies.ts';
import { isJsonObject, type Json } from '../json.ts';
import { fieldsOfType } from '../schema.ts';
import { keyElement, type PathElement, valueElement } from './path-element.ts';

export type Structure =
  /** A scalar, or a list, map or object that is one value. */
  | { readonly kind: 'value' }
  | { readonly kind: 'object'; readonly type: string }
  | { readonly kind: 'map'; readonly values: Structure }
  | { readonly kind: 'set' }
  | { readonly kind: 'items'; readonly strategy: FieldStrategy; readonly items: Structure };

const VALUE: Structure = { kind: 'value' };
const SET: Structure = { kind: 'set' };

/** Type → its own structure and its fields'. */
const objects = new Map<string, Structure>();
const fields = new Map<string, Map<string, Structure>>();

/** The structure of whole objects of a schema type. */
export function structureOf(type: string): Structure {
  let known = objects.get(type);
  if (known === undefined) {
    known = fieldsOfType(type) === undefined || ATOMIC_TYPES.has(type) ? VALUE : { kind: 'object', type };
    objects.set(type, known);
  }
  return known;
}

/** The structure of a member of an object or a map; a field that the schema does not know is one value. */
export function memberStructure(structure: Structure, name: string): Structure {
  if (structure.kind === 'map') return structure.values;
  if (structure.kind !== 'object') return VALUE;
  let ofType = fields.get(structure.type);
  if (ofType === undefined) {
    ofType = new Map();
    for (const [field, declared] of Object.entries(fieldsOfType(structure.type) ?? {})) {
      ofType.set(field, structureOfField(declared, strategyOf(structure.type, field)));
    }
    fields.set(structure.type, ofType);
  }
  return ofType.get(name) ?? VALUE;
}

/** Whether the object's type itself names the member; keys of maps are named by nobody. */
export function isNamedField(structure: Structure, name: string): boolean {
  return structure.kind === 'object' && Object.hasOwn(fieldsOfType(structure.type) ?? {}, name);
}

function structureOfField(declared: string, strategy: FieldStrategy): Structure {
  const inner = declared.slice(2);
  if (strategy.apply === 'atomic') return VALUE;
  if (declared.startsWith('{}')) return { kind: 'map', values: structureOfField(inner, {}) };
  if (!declared.startsWith('[]')) return structureOf(declared);
  if (strategy.apply === 'set') return SET;
  if (strategy.apply === undefined) return VALUE;
  // An item is told apart by its keys, so it is no single value even where its type is one elsewhere.
  return { kind: 'items', strategy, items: structureOf(inner) };
}

/** The step to a list's item; undefined where the item has no keys to go by. */
export function itemElement(structure: Structure, item: Json): PathElement | undefined {
  if (structure.kind === 'set') return valueElement(item);
  if (structure.kind !== 'items' || !isJsonObject(item)) return undefined;
  const { apply, keyDefaults } = structure.strategy;
  return keyElement(item, apply as readonly string[], keyDefaults ?? {});
}

/** The structure of a list's items. */
export function itemStructure(structure: Structure): Structure {
  return structure.kind === 'items' ? structure.items : VALUE;
}
