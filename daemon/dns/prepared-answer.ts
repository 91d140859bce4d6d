/**
 * An answer made of records, which are turned into bytes once however often it is given. Records that belong to the name asked for point
 * to it in the question, so the reply has the case in which it was asked. Addresses take turns at being the first.
 */
import { type Answer, overheadOf, startReply } from './answer.ts';
import { encodedLength, encodeRecordAt, FLAG, RCODE, type ResourceRecord } from './codec.ts';
import type { Query } from './query.ts';

export interface Records {
  readonly rcode: number;
  /** Whether this server is where these names are kept. */
  readonly authoritative: boolean;
  readonly answers: readonly ResourceRecord[];
  readonly authorities?: readonly ResourceRecord[];
  readonly additionals?: readonly ResourceRecord[];
}

/** RFC 1035, 4.1.4: to the question's name, right after the header. */
const POINTER_TO_QUESTION = 0xc00c;

export class PreparedAnswer implements Answer {
  readonly rcode: number;
  readonly #flags: number;
  readonly #records: readonly ResourceRecord[];
  /** All records of all sections, and where each ends. */
  readonly #bytes: Buffer;
  readonly #ends: readonly number[];
  readonly #counts: readonly [number, number, number];
  readonly #takesTurns: boolean;
  #turn = 0;

  /** `name`: the one asked for, in lower case. */
  constructor({ rcode, authoritative, answers, authorities = [], additionals = [] }: Records, name?: string) {
    this.rcode = rcode;
    this.#flags = authoritative ? FLAG.AA : 0;
    this.#records = answers;
    this.#counts = [answers.length, authorities.length, additionals.length];
    [this.#bytes, this.#ends] = encoded([...answers, ...authorities, ...additionals], name);
    this.#takesTurns =
      answers.length > 1 && answers.every((record) => record.name === name && ['A', 'AAAA'].includes(record.type));
  }

  records(): readonly ResourceRecord[] {
    return this.#records;
  }

  reply(query: Query, limit: number): Buffer {
    const room = limit - overheadOf(query);
    if (this.#bytes.length <= room) return this.#write(query, 0, this.#counts);
    const [answers, authorities, additionals] = this.#counts;
    if (this.#endOf(answers) > room) {
      // Addresses that take turns are of one length, so that as many fit whichever is the first.
      return this.#write(query, FLAG.TC, [this.#fitting(answers, room), 0, 0]);
    }
    if (this.#endOf(answers + authorities) > room) return this.#write(query, 0, [answers, 0, 0]);
    const fitting = this.#fitting(answers + authorities + additionals, room);
    return this.#write(query, 0, [answers, authorities, fitting - answers - authorities]);
  }

  /** So many records of each section, from the first on. */
  #write(query: Query, flags: number, counts: readonly [number, number, number]): Buffer {
    const length = this.#endOf(counts[0] + counts[1] + counts[2]);
    const reply = startReply(query, { rcode: this.rcode, flags: this.#flags | flags, counts }, length);
    const offset = query.questionEnd;
    if (!this.#takesTurns) {
      this.#bytes.copy(reply, offset, 0, length);
      return reply;
    }
    const answersEnd = this.#endOf(this.#counts[0]);
    const first = this.#endOf(this.#turn);
    this.#turn = (this.#turn + 1) % this.#counts[0];
    const given = this.#endOf(counts[0]);
    const copied = this.#bytes.copy(reply, offset, first, Math.min(answersEnd, first + given));
    this.#bytes.copy(reply, offset + copied, 0, given - copied);
    this.#bytes.copy(reply, offset + given, answersEnd, answersEnd + length - given);
    return reply;
  }

  /** How many of the first `most` records fit. */
  #fitting(most: number, room: number): number {
    let count = most;
    while (count > 0 && this.#endOf(count) > room) count -= 1;
    return count;
  }

  #endOf(count: number): number {
    return count === 0 ? 0 : (this.#ends[count - 1] as number);
  }
}

/** Nothing but a code: what cannot be answered. */
export function refusal(rcode: number): PreparedAnswer {
  return new PreparedAnswer({ rcode, authoritative: false, answers: [] });
}

export const SERVER_FAILURE = refusal(RCODE.SERVFAIL);

/** Records of `name` begin with a pointer to it, one byte longer than the root's name. */
function encoded(records: readonly ResourceRecord[], name: string | undefined): [Buffer, number[]] {
  const bytes = Buffer.allocUnsafe(records.reduce((sum, record) => sum + encodedLength(record), 0));
  let offset = 0;
  const ends = records.map((record) => {
    if (record.name === name) {
      const start = offset;
      offset = encodeRecordAt({ ...record, name: '.' }, bytes, start + 1);
      bytes.writeUInt16BE(POINTER_TO_QUESTION, start);
    } else offset = encodeRecordAt(record, bytes, offset);
    return offset;
  });
  return [bytes.subarray(0, offset), ends];
}
