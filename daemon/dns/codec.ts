/**
 * dns-packet, behind the few calls that are made of it: records and names to and from bytes. The only file that knows the library;
 * everything that cannot be read throws here, whatever the library throws.
 */

import * as library from 'dns-packet';
import { type Answer, encode, type OptAnswer } from 'dns-packet';

export type ResourceRecord = Exclude<Answer, OptAnswer>;

export const RECORD_TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
} as const;

export const CLASS_IN = 1;

/** https://www.iana.org/assignments/dns-parameters/dns-parameters.xhtml#dns-parameters-6 */
export const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 } as const;

/** Bits of a header's second 16. */
export const FLAG = { QR: 0x8000, AA: 0x0400, TC: 0x0200, RD: 0x0100, RA: 0x0080, AD: 0x0020, CD: 0x0010 } as const;
export const OPCODE_MASK = 0x7800;
export const RCODE_MASK = 0x000f;

export const HEADER_LENGTH = 12;
/** Type, class, TTL and length of the data, after a record's name. */
export const FIXED_LENGTH = 10;

interface Part<T> {
  readonly encode: { (value: T, into?: Buffer, offset?: number): Buffer; readonly bytes: number };
  encodingLength(value: T): number;
  readonly decode: { (packet: Buffer, offset: number): T; readonly bytes: number };
}

/** The library exports them, its types do not. */
const { name: nameCodec, answer: recordCodec } = library as unknown as { name: Part<string>; answer: Part<Answer> };

export interface Decoded<T> {
  readonly value: T;
  /** The offset after it. */
  readonly end: number;
}

/** Without a dot at its end; the root is `.`. Bytes that are no UTF-8, and dots within labels, do not come back as they were. */
export function decodeName(packet: Buffer, offset: number): Decoded<string> {
  const value = nameCodec.decode(packet, offset);
  return { value, end: offset + nameCodec.decode.bytes };
}

export function encodeName(name: string): Buffer {
  return nameCodec.encode(name);
}

export function decodeRecord(packet: Buffer, offset: number): Decoded<Answer> {
  const value = recordCodec.decode(packet, offset);
  const end = offset + recordCodec.decode.bytes;
  if (end > packet.length) throw new RangeError('the record ends after its packet');
  return { value, end };
}

export function encodeRecord(record: Answer): Buffer {
  return recordCodec.encode(record);
}

/** Not less than {@link encodeRecordAt} writes. */
export function encodedLength(record: ResourceRecord): number {
  return recordCodec.encodingLength(record);
}

/** Writes the record where there is room enough for it. Answers the offset after it. */
export function encodeRecordAt(record: ResourceRecord, into: Buffer, offset: number): number {
  recordCodec.encode(record, into, offset);
  return offset + recordCodec.encode.bytes;
}

/** A question of our own, with room for an answer of `udpPayloadSize`. `type` by number: the library knows not all by name. */
export function encodeQuestion(name: string, type: number): Buffer {
  // biome-ignore lint/suspicious/noExplicitAny: the library takes UNKNOWN_<number> for every type, its types do not
  return encode({ type: 'query', flags: FLAG.RD, questions: [{ name, type: `UNKNOWN_${type}` as any }] });
}
