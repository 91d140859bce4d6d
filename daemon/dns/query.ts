/**
 * Reads what came in as a question, or says how to refuse it. What is asked again and again is not decoded for that: its key is enough.
 * Answers nothing; {@link readQuery} never throws, whatever the bytes.
 */
import {
  CLASS_IN,
  decodeName,
  decodeRecord,
  encodeName,
  encodeQuestion,
  FLAG,
  HEADER_LENGTH,
  OPCODE_MASK,
  RCODE,
  RECORD_TYPE,
} from './codec.ts';

export interface Query {
  /** As it came; the question begins after the header and ends at `questionEnd`. */
  readonly packet: Buffer;
  readonly questionEnd: number;
  /** The question's bytes with the name in lower case, one character each: the same for who asks the same. */
  readonly key: string;
  readonly type: number;
  readonly class: number;
  /** RFC 6891; absent where the client does not speak it. */
  readonly edns?: Edns;
}

export interface Edns {
  /** The largest answer over UDP that the client takes. */
  readonly udpPayloadSize: number;
  readonly dnssecOk: boolean;
}

export type ReadQuery =
  | { readonly kind: 'question'; readonly query: Query }
  | { readonly kind: 'refused'; readonly rcode: number; readonly query: Query }
  /** Answers, and what is too short to be answered: silence, so that two servers never talk to each other for ever. */
  | { readonly kind: 'ignored' };

const MAX_LABEL = 63;
const MAX_NAME = 255;
const [UPPER_A, UPPER_Z] = [0x41, 0x5a];
const scratch = Buffer.alloc(MAX_NAME + 4);

export function readQuery(packet: Buffer): ReadQuery {
  if (packet.length < HEADER_LENGTH) return { kind: 'ignored' };
  const flags = packet.readUInt16BE(2);
  if ((flags & FLAG.QR) !== 0) return { kind: 'ignored' };
  const nameEnd = packet.readUInt16BE(4) === 1 ? foldName(packet) : undefined;
  if (nameEnd === undefined || nameEnd + 4 > packet.length) return refused(packet, flags, RCODE.FORMERR);
  const questionEnd = nameEnd + 4;
  packet.copy(scratch, nameEnd - HEADER_LENGTH, nameEnd, questionEnd);
  const query: Query = {
    packet,
    questionEnd,
    key: scratch.toString('latin1', 0, questionEnd - HEADER_LENGTH),
    type: packet.readUInt16BE(nameEnd),
    class: packet.readUInt16BE(nameEnd + 2),
  };
  if ((flags & OPCODE_MASK) !== 0) return { kind: 'refused', rcode: RCODE.NOTIMP, query };
  const records = packet.readUInt16BE(6) + packet.readUInt16BE(8) + packet.readUInt16BE(10);
  return records === 0 ? { kind: 'question', query } : withEdns(query, records);
}

/** The name asked for, in lower case; undefined where its labels are not made of what names in the cluster are made of. */
export function nameOf({ packet, questionEnd }: Query): string | undefined {
  const { value } = decodeName(packet, HEADER_LENGTH);
  const own = encodeName(value);
  return packet.compare(own, 0, own.length, HEADER_LENGTH, questionEnd - 4) === 0 ? value.toLowerCase() : undefined;
}

/** A question of our own, as if somebody had asked it who speaks EDNS or not as `asker` does. */
export function queryFor(name: string, type: number, asker: Pick<Query, 'edns'> = {}): Query {
  const read = readQuery(encodeQuestion(name, type));
  if (read.kind !== 'question') throw new RangeError(`"${name}" is no name`);
  return { ...read.query, ...(asker.edns && { edns: asker.edns }) };
}

/** Writes the question's name in lower case (ASCII alone, RFC 4343) to `scratch`. Answers where it ends; undefined where it is none. */
function foldName(packet: Buffer): number | undefined {
  let offset = HEADER_LENGTH;
  for (;;) {
    const length = packet[offset];
    // A pointer can lead nowhere here: nothing is before it.
    if (length === undefined || length > MAX_LABEL) return undefined;
    const end = offset + 1 + length;
    if (end > packet.length || end - HEADER_LENGTH > MAX_NAME) return undefined;
    scratch[offset - HEADER_LENGTH] = length;
    for (let i = offset + 1; i < end; i++) {
      const byte = packet[i] as number;
      scratch[i - HEADER_LENGTH] = byte >= UPPER_A && byte <= UPPER_Z ? byte + 0x20 : byte;
    }
    if (length === 0) return end;
    offset = end;
  }
}

function withEdns(query: Query, records: number): ReadQuery {
  let edns: Edns | undefined;
  let version = 0;
  try {
    let offset = query.questionEnd;
    for (let i = 0; i < records; i++) {
      const { value, end } = decodeRecord(query.packet, offset);
      offset = end;
      if (value.type !== 'OPT') continue;
      if (edns !== undefined) return { kind: 'refused', rcode: RCODE.FORMERR, query };
      edns = { udpPayloadSize: value.udpPayloadSize, dnssecOk: value.flag_do };
      version = value.ednsVersion;
    }
  } catch {
    return { kind: 'refused', rcode: RCODE.FORMERR, query };
  }
  const whole = edns === undefined ? query : { ...query, edns };
  return version > 0 ? { kind: 'refused', rcode: RCODE.BADVERS, query: whole } : { kind: 'question', query: whole };
}

/** Without a question that could be repeated. */
function refused(packet: Buffer, flags: number, rcode: number): ReadQuery {
  const query = { packet, questionEnd: HEADER_LENGTH, key: '', type: 0, class: CLASS_IN };
  return { kind: 'refused', rcode: (flags & OPCODE_MASK) === 0 ? rcode : RCODE.NOTIMP, query };
}

export function isTransfer({ type }: Query): boolean {
  return type === RECORD_TYPE.AXFR || type === RECORD_TYPE.IXFR;
}
