/**
 * Protobuf on the wire, as much as OpenAPI needs: strings, booleans and messages (https://protobuf.dev/programming-guides/encoding/).
 * A message is built as a tree whose parts know their size, and written into one buffer. Pure.
 */

/** A message's fields, in order; nested lists are fields of the same message. */
export type Message = readonly Part[];
export type Part = Field | Message;

interface Field {
  /** Field number and wire type. */
  readonly tag: number;
  readonly value: string | Message | true;
  /** Of the value, in bytes, without its length before it; of `true` its own 1, which is also how it is written. */
  readonly size: number;
}

const NOTHING: Message = [];

export function message(field: number, value: Message): Part {
  return { tag: field * 8 + 2, value, size: sizeOf(value) };
}

/** An empty string is as good as none. */
export function text(field: number, value: string | undefined): Part {
  if (value === undefined || value === '') return NOTHING;
  return { tag: field * 8 + 2, value, size: Buffer.byteLength(value) };
}

/** Every one of them, empty ones too. */
export function texts(field: number, values: readonly string[] | undefined): Part {
  return values?.map((value) => ({ tag: field * 8 + 2, value, size: Buffer.byteLength(value) })) ?? NOTHING;
}

export function flag(field: number, value: boolean | undefined): Part {
  return value ? { tag: field * 8, value: true, size: 1 } : NOTHING;
}

export function encode(whole: Message): Buffer {
  const out = Buffer.allocUnsafe(sizeOf(whole));
  write(whole, out, 0);
  return out;
}

function isMessage(part: Part | Field['value']): part is Message {
  return Array.isArray(part);
}

function sizeOf(parts: Message): number {
  let size = 0;
  for (const part of parts) size += isMessage(part) ? sizeOf(part) : sizeOfField(part);
  return size;
}

function sizeOfField({ tag, value, size }: Field): number {
  return sizeOfVarint(tag) + (value === true ? 0 : sizeOfVarint(size)) + size;
}

/** Answers where the next byte goes. */
function write(parts: Message, out: Buffer, start: number): number {
  let at = start;
  for (const part of parts) {
    if (isMessage(part)) {
      at = write(part, out, at);
      continue;
    }
    const { tag, value, size } = part;
    at = writeVarint(tag, out, at);
    at = writeVarint(size, out, at);
    if (value === true) continue;
    if (isMessage(value)) at = write(value, out, at);
    else at += out.write(value, at);
  }
  return at;
}

function sizeOfVarint(value: number): number {
  let size = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) size++;
  return size;
}

function writeVarint(value: number, out: Buffer, start: number): number {
  let at = start;
  let rest = value;
  for (; rest > 127; rest >>>= 7) out[at++] = (rest & 127) | 128;
  out[at++] = rest;
  return at;
}
