/**
 * Objects as JSON, in bytes, made once and kept as long as the object itself: lists, watches and gets of the same object share them.
 * Objects of the cache are never changed, only replaced, so the bytes stay true.
 */
import type { AnyObject } from '../../reconcilers/objects/kinds.ts';
import type { Pieces } from './send.ts';

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

const ITEMS = new WeakMap<AnyObject, Buffer>();
/** What watchers are told together, or soon after one another; kept no longer, or each object would be kept twice. */
const KEPT_EVENTS = 512;
const EVENTS = new Map<AnyObject, Map<EventType, Buffer>>();
const COMMA = Buffer.from(',');
const END = Buffer.from(']}');

/** The object without its kind and apiVersion, as an item of a list. */
function encodedItem(object: AnyObject): Buffer {
  const known = ITEMS.get(object);
  if (known !== undefined) return known;
  const bytes = Buffer.from(itemOf(object));
  ITEMS.set(object, bytes);
  return bytes;
}

function itemOf({ kind: _kind, apiVersion: _apiVersion, ...rest }: AnyObject): string {
  return JSON.stringify(rest);
}

/** The whole object. */
export function encodedObject(object: AnyObject): Buffer {
  return Buffer.concat([Buffer.from(headOf(object)), encodedItem(object).subarray(1)]);
}

/** A list: `head` up to and with the bracket that opens the items. */
export function encodedList(head: string, objects: readonly AnyObject[]): Pieces {
  const start = Buffer.from(head);
  const items = objects.map(encodedItem);
  const commas = Math.max(0, items.length - 1);
  const length = items.reduce((sum, item) => sum + item.length, start.length + commas + END.length);
  return { length, [Symbol.iterator]: () => piecesOf(start, items) };
}

function* piecesOf(start: Buffer, items: readonly Buffer[]): Generator<Buffer> {
  yield start;
  for (const [index, item] of items.entries()) {
    if (index > 0) yield COMMA;
    yield item;
  }
  yield END;
}

/** One line of a watch. */
export function encodedEvent(type: EventType, object: AnyObject): Buffer {
  const known = EVENTS.get(object)?.get(type);
  if (known !== undefined) return known;
  const item = ITEMS.get(object)?.toString() ?? itemOf(object);
  const bytes = Buffer.from(`{"type":"${type}","object":${headOf(object)}${item.slice(1)}}\n`);
  const events = EVENTS.get(object) ?? new Map<EventType, Buffer>();
  EVENTS.set(object, events.set(type, bytes));
  if (EVENTS.size > KEPT_EVENTS) EVENTS.delete(EVENTS.keys().next().value as AnyObject);
  return bytes;
}

function headOf({ apiVersion, kind }: AnyObject): string {
  return `{"apiVersion":${JSON.stringify(apiVersion)},"kind":${JSON.stringify(kind)},`;
}
