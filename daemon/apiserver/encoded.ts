/**
 * Objects as JSON text, made once and kept as long as the object itself: lists, watches and gets of the same object share it. Objects
 * of the cache are never changed, only replaced, so the text stays true.
 */
import type { AnyObject } from '../../reconcilers/objects/kinds.ts';

const ITEMS = new WeakMap<AnyObject, string>();

/** The object without its kind and apiVersion, as an item of a list. */
export function encodedItem(object: AnyObject): string {
  const known = ITEMS.get(object);
  if (known !== undefined) return known;
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  const text = JSON.stringify(rest);
  ITEMS.set(object, text);
  return text;
}

/** The whole object. */
export function encodedObject(object: AnyObject): string {
  const head = `{"apiVersion":${JSON.stringify(object.apiVersion)},"kind":${JSON.stringify(object.kind)}`;
  return `${head},${encodedItem(object).slice(1)}`;
}
