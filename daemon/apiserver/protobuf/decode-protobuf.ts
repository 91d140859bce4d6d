/**
 * Reads `application/vnd.kubernetes.protobuf` bodies into the JSON that the same object would be. kubectl from 1.32 on and Go clients
 * send them; answers are JSON always. Fields that the table does not know are skipped, as every protobuf reader does.
 */
import protobuf from 'protobufjs/minimal.js';
import { type Json, type JsonObject, setMember } from '../../../reconcilers/objects/json.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { type Message, type MessageField, messageOf, messageOfKind } from './messages.ts';
import { isSpecialType, readScalar, readSpecial } from './scalars.ts';

export interface DecodedObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** With apiVersion and kind. */
  readonly object: JsonObject;
}

/** What a body starts with: `k8s` and a zero byte. */
const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

/** The object in the envelope of a runtime.Unknown. BadRequest where it is none, or of a kind that no client sends. */
export function decodeProtobuf(body: Buffer): DecodedObject {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw badRequest(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
      new Error(`${body.length} bytes that start otherwise`),
    );
  }
  return guarded(() => {
    const { apiVersion, kind, raw } = readEnvelope(protobuf.Reader.create(body.subarray(MAGIC.length)));
    const name = messageOfKind(apiVersion, kind);
    const message = name === undefined ? undefined : messageOf(name);
    if (message === undefined) throw badRequest(`no kind "${kind}" is registered for version "${apiVersion}"`);
    return { apiVersion, kind, object: { apiVersion, kind, ...readMessage(protobuf.Reader.create(raw), message) } };
  });
}

/** A truncated or garbled message is the client's fault, however the reader trips over it. */
function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof SampanError) throw cause;
    throw badRequest(`the body is not a valid protobuf message: ${(cause as Error).message}`, cause);
  }
}

/** `runtime.Unknown`: typeMeta = 1 (apiVersion = 1, kind = 2), raw = 2. */
function readEnvelope(reader: protobuf.Reader): { apiVersion: string; kind: string; raw: Uint8Array } {
  let apiVersion = '';
  let kind = '';
  let raw: Uint8Array = new Uint8Array();
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === tagOf(2)) raw = reader.bytes();
    else if (tag === tagOf(1)) {
      const type = protobuf.Reader.create(reader.bytes());
      while (type.pos < type.len) {
        const typeTag = type.uint32();
        if (typeTag === tagOf(1)) apiVersion = type.string();
        else if (typeTag === tagOf(2)) kind = type.string();
        else type.skipType(typeTag & 7);
      }
    } else reader.skipType(tag & 7);
  }
  return { apiVersion, kind, raw };
}

/** The tag of a length-delimited field. */
function tagOf(number: number): number {
  return (number << 3) | 2;
}

function readMessage(reader: protobuf.Reader, message: Message, object: JsonObject = {}): JsonObject {
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const field = message.get(tag >>> 3);
    if (field === undefined) reader.skipType(tag & 7);
    else readField(reader, tag & 7, field, object);
  }
  return object;
}

function readField(reader: protobuf.Reader, wireType: number, field: MessageField, object: JsonObject): void {
  const { name, shape, type } = field;
  if (shape === 'map') {
    object[name] ??= {};
    readEntry(protobuf.Reader.create(reader.bytes()), type, object[name] as JsonObject);
  } else if (shape === 'list') {
    object[name] ??= [];
    const list = object[name] as Json[];
    const isPacked = wireType === 2 && !isDelimited(type);
    if (!isPacked) list.push(readValue(reader, wireType, type) ?? null);
    else for (const end = reader.uint32() + reader.pos; reader.pos < end; ) list.push(readScalar(reader, 0, type));
  } else if (shape === 'inline') {
    const message = messageOf(type);
    if (message === undefined) throw new Error(`no message ${type}`);
    readMessage(protobuf.Reader.create(reader.bytes()), message, object);
  } else {
    const value = readValue(reader, wireType, type);
    if (value !== undefined && (field.keepsZero || !isZero(value))) object[name] = value;
  }
}

function isDelimited(type: string): boolean {
  return type === 'string' || type === 'bytes' || isSpecialType(type) || messageOf(type) !== undefined;
}

/** One entry of a map: key = 1, value = 2; either may be left out. */
function readEntry(reader: protobuf.Reader, type: string, map: JsonObject): void {
  let key = '';
  let value: Json | undefined = emptyOf(type);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) key = reader.string();
    else if (tag >>> 3 === 2) value = readValue(reader, tag & 7, type);
    else reader.skipType(tag & 7);
  }
  if (value !== undefined) setMember(map, key, value);
}

function emptyOf(type: string): Json {
  if (type === 'string' || type === 'bytes') return '';
  if (type === 'quantity') return '0';
  return type === 'items' ? [] : messageOf(type) === undefined ? 0 : {};
}

/** Undefined for a special value that stands for nothing (an empty time). */
function readValue(reader: protobuf.Reader, wireType: number, type: string): Json | undefined {
  if (isSpecialType(type)) return readSpecial(protobuf.Reader.create(reader.bytes()), type);
  const message = messageOf(type);
  if (message !== undefined) return readMessage(protobuf.Reader.create(reader.bytes()), message);
  return readScalar(reader, wireType, type);
}

function isZero(value: Json): boolean {
  return value === '' || value === 0 || value === false;
}

function badRequest(detail: string, cause?: unknown): SampanError {
  return new SampanError('BadRequest', { detail }, cause);
}
