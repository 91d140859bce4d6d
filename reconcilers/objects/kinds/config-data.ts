/** What ConfigMaps and Secrets have in common: the names and the size of their data, and what `immutable` keeps. Pure. */
import { configKeyProblems } from '../config-keys.ts';
import { type FieldError, forbidden, invalid, tooLong } from '../field-error.ts';
import { element } from '../field-path.ts';
import { equalJson, type JsonObject, objectAt, textOf } from '../json.ts';

/** Of one object's data together, in bytes. */
const MAX_DATA_BYTES = 1024 * 1024;

/** Names of keys in the maps `fields`, and their size; `bytesOf` weighs one value. */
export function validateConfigData(
  object: JsonObject,
  fields: Readonly<Record<string, (value: string) => number>>,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Map<string, string>();
  let bytes = 0;
  for (const [field, bytesOf] of Object.entries(fields)) {
    for (const [key, value] of Object.entries(objectAt(object, field) ?? {})) {
      const path = element(field, key);
      errors.push(...configKeyProblems(key).map((text) => invalid(path, key, text)));
      const other = seen.get(key);
      if (other !== undefined) errors.push(invalid(element(other, key), key, `duplicate of key present in ${field}`));
      seen.set(key, field);
      bytes += bytesOf(textOf(value));
    }
  }
  const [first = 'data'] = Object.keys(fields);
  return bytes > MAX_DATA_BYTES ? [...errors, tooLong(first, MAX_DATA_BYTES)] : errors;
}

/** Once `immutable` is true it stays, and so do `fields`. */
export function validateImmutable(next: JsonObject, previous: JsonObject, fields: readonly string[]): FieldError[] {
  if (previous.immutable !== true) return [];
  const detail = 'field is immutable when `immutable` is set';
  return [
    ...(next.immutable === true ? [] : [forbidden('immutable', detail)]),
    ...fields.filter((field) => !equalJson(next[field] ?? {}, previous[field] ?? {})).map((f) => forbidden(f, detail)),
  ];
}

export function base64Bytes(text: string): number {
  return Buffer.byteLength(text, 'base64');
}
