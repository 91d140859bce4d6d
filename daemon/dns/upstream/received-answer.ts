/**
 * Another server's answer, kept as the bytes it came in, so that records of whatever type pass unchanged: names in it point to places
 * before them, which stay where they are because the question before them is as long as the one it is repeated to. Only the TTLs are
 * written anew, less the time the answer was kept.
 */
import { type Answer, overheadOf, startReply } from '../answer.ts';
import {
  decodeName,
  decodeRecord,
  FIXED_LENGTH,
  FLAG,
  HEADER_LENGTH,
  RCODE,
  RCODE_MASK,
  RECORD_TYPE,
  type ResourceRecord,
} from '../codec.ts';
import type { Query } from '../query.ts';

/** Nobody may make us believe something for longer; of what does not exist we are told least about when it comes to be. */
const MOST_SECONDS = { known: 3600, missing: 300 };
/** RFC 9520, 3.2: failures are kept, for a second at least. */
const FAILURE_SECONDS = 1;

interface Placed {
  readonly type: number;
  readonly start: number;
  readonly end: number;
  readonly ttlOffset: number;
}

export class ReceivedAnswer implements Answer {
  /** For how long it may be repeated, in seconds; 0: not at all. */
  readonly lifetimeSeconds: number;
  readonly rcode: number;
  readonly #packet: Buffer;
  readonly #sections: readonly [readonly Placed[], readonly Placed[], readonly Placed[]];
  readonly #receivedAt: number;
  readonly #now: () => number;
  readonly #questionEnd: number;

  /** `packet` answers `query`. Throws where it is damaged. */
  constructor(packet: Buffer, { questionEnd }: Query, now: () => number) {
    this.#packet = packet;
    this.#now = now;
    this.#receivedAt = now();
    this.#questionEnd = questionEnd;
    this.rcode = packet.readUInt16BE(2) & RCODE_MASK;
    this.#sections = place(packet, questionEnd);
    this.lifetimeSeconds = this.#lifetime();
  }

  get size(): number {
    return this.#packet.length;
  }

  get isTruncated(): boolean {
    return (this.#packet.readUInt16BE(2) & FLAG.TC) !== 0;
  }

  reply(query: Query, limit: number): Buffer {
    const room = limit - overheadOf(query) + query.questionEnd;
    const [answers, authorities, additionals] = this.#sections;
    const passed = this.#packet.readUInt16BE(2) & (FLAG.TC | FLAG.AD);
    const all = [...answers, ...authorities, ...additionals];
    const counts = [answers.length, authorities.length, additionals.length] as const;
    if (endOf(all, this.#questionEnd) <= room) return this.#write(query, passed, counts, all);
    const fitting = answers.filter(({ end }) => end <= room);
    const flags = fitting.length < answers.length ? passed | FLAG.TC : passed;
    return this.#write(query, flags, [fitting.length, 0, 0], fitting);
  }

  records(): ResourceRecord[] {
    const age = this.#ageSeconds();
    return this.#sections[0].map(({ start }) => {
      const record = decodeRecord(this.#packet, start).value as ResourceRecord;
      return { ...record, ttl: Math.max(0, (record.ttl ?? 0) - age) };
    });
  }

  #write(query: Query, flags: number, counts: readonly [number, number, number], records: readonly Placed[]): Buffer {
    const end = endOf(records, this.#questionEnd);
    const reply = startReply(query, { rcode: this.rcode, flags, counts }, end - this.#questionEnd);
    this.#packet.copy(reply, query.questionEnd, this.#questionEnd, end);
    const age = this.#ageSeconds();
    if (age === 0) return reply;
    for (const { ttlOffset } of records) {
      reply.writeUInt32BE(Math.max(0, this.#packet.readUInt32BE(ttlOffset) - age), ttlOffset);
    }
    return reply;
  }

  #ageSeconds(): number {
    return Math.max(0, Math.floor((this.#now() - this.#receivedAt) / 1000));
  }

  /** RFC 2308, 5: that something is missing is true for as long as the zone's SOA record says. */
  #lifetime(): number {
    if (this.isTruncated) return 0;
    const [answers, authorities] = this.#sections;
    if (this.rcode === RCODE.SERVFAIL) return FAILURE_SECONDS;
    if (this.rcode !== RCODE.NOERROR && this.rcode !== RCODE.NXDOMAIN) return 0;
    const soa = authorities.find(({ type }) => type === RECORD_TYPE.SOA);
    const ttls = answers.map(({ ttlOffset }) => this.#packet.readUInt32BE(ttlOffset));
    const isMissing = this.rcode === RCODE.NXDOMAIN || answers.every(({ type }) => type === RECORD_TYPE.CNAME);
    if (!isMissing) return Math.min(MOST_SECONDS.known, ...ttls);
    if (soa === undefined) return 0;
    // Minimum is the last of its numbers.
    const minimum = this.#packet.readUInt32BE(soa.end - 4);
    return Math.min(MOST_SECONDS.missing, this.#packet.readUInt32BE(soa.ttlOffset), minimum, ...ttls);
  }
}

/** Where the records are, but OPT, which is between us and that server. Throws where a record ends after the packet. */
function place(packet: Buffer, questionEnd: number): [Placed[], Placed[], Placed[]] {
  let offset = questionEnd;
  const section = (countOffset: number): Placed[] => {
    const placed: Placed[] = [];
    for (let left = packet.readUInt16BE(countOffset); left > 0; left--) {
      const start = offset;
      const nameEnd = decodeName(packet, start).end;
      offset = nameEnd + FIXED_LENGTH + packet.readUInt16BE(nameEnd + 8);
      if (offset > packet.length) throw new RangeError('a record ends after its packet');
      placed.push({ type: packet.readUInt16BE(nameEnd), start, end: offset, ttlOffset: nameEnd + 4 });
    }
    return placed;
  };
  const [answers, authorities, additionals] = [section(6), section(8), section(10)];
  const opt = additionals.findIndex(({ type }) => type === RECORD_TYPE.OPT);
  // Bytes are copied as they lie: what comes after OPT goes with it.
  return [answers, authorities, opt < 0 ? additionals : additionals.slice(0, opt)];
}

function endOf(records: readonly Placed[], otherwise: number): number {
  return records.at(-1)?.end ?? otherwise;
}

/** Whether `packet` answers `query` as it was sent with `id`. */
export function isAnswerTo(packet: Buffer, query: Query, id: number): boolean {
  if (packet.length < query.questionEnd || packet.readUInt16BE(0) !== id) return false;
  if ((packet.readUInt16BE(2) & FLAG.QR) === 0 || packet.readUInt16BE(4) !== 1) return false;
  // Compared without regard to case: some servers answer in their own.
  const [theirs, ours] = [packet, query.packet].map((each) =>
    each.toString('latin1', HEADER_LENGTH, query.questionEnd - 4).toLowerCase(),
  );
  return (
    theirs === ours &&
    packet.compare(query.packet, query.questionEnd - 4, query.questionEnd, query.questionEnd - 4, query.questionEnd) ===
      0
  );
}
