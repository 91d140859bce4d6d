/**
 * The values of protobuf bodies: plain scalars, and Kubernetes' messages that are no objects in JSON (times, quantities, whole numbers
 * or names, raw JSON). Called by decode-protobuf.ts, with a reader over just the value.
 */
import type protobuf from 'protobufjs/minimal.js';
import type { Json } from '../../../reconcilers/objects/json.ts';

/** Wire types: 0 varint, 1 eight bytes, 2 length-delimited. */
const WIRE_TYPES: Readonly<Record<string, number>> = { bool: 0, int32: 0, int64: 0, double: 1, string: 2, bytes: 2 };

export function readScalar(reader: protobuf.Reader, wireType: number, type: string): Json {
  if (WIRE_TYPES[type] !== wireType) throw new Error(`wire type ${wireType} for a field of type ${type}`);
  switch (type) {
    case 'string':
      return reader.string();
    case 'bytes':
      return Buffer.from(reader.bytes()).toString('base64');
    case 'bool':
      return reader.bool();
    case 'int32':
      return reader.int32();
    case 'int64':
      return readInt64(reader);
    default:
      return reader.double();
  }
}

/** Exact up to 2^53, as everything that goes through JSON is here. */
function readInt64(reader: protobuf.Reader): number {
  return Number(reader.int64().toString());
}

const SPECIAL: Readonly<Record<string, (reader: protobuf.Reader) => Json | undefined>> = {
  time: (reader) => timestamp(reader, (date) => `${date.toISOString().slice(0, 19)}Z`),
  'micro-time': (reader) =>
    timestamp(reader, (date, nanos) => {
      const micros = String(Math.trunc(nanos / 1000)).padStart(6, '0');
      return `${date.toISOString().slice(0, 19)}.${micros}Z`;
    }),
  quantity: (reader) => first(reader, (value) => value.string()) ?? '0',
  'int-or-string': intOrString,
  items: (reader) => all(reader, (value) => value.string()),
  raw: rawJson,
  fields: rawJson,
};

export function isSpecialType(type: string): boolean {
  return Object.hasOwn(SPECIAL, type);
}

/** Undefined where the message stands for nothing. */
export function readSpecial(reader: protobuf.Reader, type: string): Json | undefined {
  return SPECIAL[type]?.(reader);
}

/** seconds = 1, nanos = 2; an empty message is no time at all. */
function timestamp(reader: protobuf.Reader, format: (date: Date, nanos: number) => string): string | undefined {
  if (reader.len === reader.pos) return undefined;
  let seconds = 0;
  let nanos = 0;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) seconds = readInt64(reader);
    else if (tag >>> 3 === 2) nanos = reader.int32();
    else reader.skipType(tag & 7);
  }
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) {
    throw new Error(`no time: ${seconds} seconds since 1970`);
  }
  return format(date, nanos);
}

/** type = 1 (0: int, 1: string), intVal = 2, strVal = 3. */
function intOrString(reader: protobuf.Reader): Json {
  let isString = false;
  let number = 0;
  let text = '';
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) isString = reader.int32() === 1;
    else if (tag >>> 3 === 2) number = reader.int32();
    else if (tag >>> 3 === 3) text = reader.string();
    else reader.skipType(tag & 7);
  }
  return isString ? text : number;
}

function rawJson(reader: protobuf.Reader): Json | undefined {
  const raw = first(reader, (value) => Buffer.from(value.bytes()).toString('utf8'));
  return raw === undefined || raw === '' ? undefined : (JSON.parse(raw) as Json);
}

function first<T>(reader: protobuf.Reader, read: (reader: protobuf.Reader) => T): T | undefined {
  return all(reader, read)[0];
}

/** Every field 1 of the message. */
function all<T>(reader: protobuf.Reader, read: (reader: protobuf.Reader) => T): T[] {
  const values: T[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) values.push(read(reader));
    else reader.skipType(tag & 7);
  }
  return values;
}
