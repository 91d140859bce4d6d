/**
 * One step from an object into it, as managedFields writes it: `f:spec` a field or a key of a map, `k:{"name":"web"}` an item of a
 * list by its keys, `v:"x"` a value of a set. Steps are these texts everywhere, in one canonical spelling, so equal steps are equal
 * strings.
 */
import { isJsonObject, type Json, type JsonObject, ownMember, stableJson } from '../json.ts';

export type PathElement = string;

export function fieldElement(name: string): PathElement {
  return `f:${name}`;
}

export function valueElement(value: Json): PathElement {
  return `v:${stableJson(value)}`;
}

/** The item's step; undefined where it lacks a key that has no default. `keys` are sorted. */
export function keyElement(
  item: JsonObject,
  keys: readonly string[],
  defaults: Readonly<Record<string, string>>,
): PathElement | undefined {
  let text = '';
  for (const key of keys) {
    const value = ownMember(item, key) ?? defaults[key];
    if (value === undefined || value === null) return undefined;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${JSON.stringify(value)}`;
  }
  return `k:{${text}}`;
}

/** The name of a field; undefined where the element is no field. */
export function nameOfField(element: PathElement): string | undefined {
  return element.startsWith('f:') ? element.slice(2) : undefined;
}

/** A key of one member, spelt canonically already: nearly all there are. */
const PLAIN_KEY = /^k:\{"\w+":(?:"[^"\\\p{Cc}]*"|[1-9]\d{0,14})\}$/u;

/** The canonical spelling of an element that a client wrote; undefined where it is none. */
export function parseElement(text: string): PathElement | undefined {
  if (text.startsWith('f:') || PLAIN_KEY.test(text)) return text;
  const rest = text.slice(2);
  try {
    switch (text.slice(0, 2)) {
      case 'v:':
        return valueElement(JSON.parse(rest) as Json);
      case 'k:': {
        const key = JSON.parse(rest) as Json;
        return isJsonObject(key) ? `k:${stableJson(key)}` : undefined;
      }
      case 'i:':
        return /^\d+$/.test(rest) ? text : undefined;
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}

/** As messages show it: `.spec`, `[name="web"]`, `[="x"]`. */
export function describeElement(element: PathElement): string {
  const rest = element.slice(2);
  switch (element.slice(0, 2)) {
    case 'f:':
      return `.${rest}`;
    case 'k:':
      return `[${Object.entries(JSON.parse(rest) as JsonObject)
        .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
        .join(',')}]`;
    case 'v:':
      return `[=${rest}]`;
    default:
      return `[${rest}]`;
  }
}

const ORDER = 'fkvi';

/** The order of managedFields: fields, then items, then values; each by name. */
export function compareElements(a: PathElement, b: PathElement): number {
  const kinds = ORDER.indexOf(a.charAt(0)) - ORDER.indexOf(b.charAt(0));
  return kinds !== 0 ? kinds : a < b ? -1 : a > b ? 1 : 0;
}
