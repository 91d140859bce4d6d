/**
 * An answer made of records, which are turned into bytes once however often it is given. Records that belong to the name asked for point
 * to it in the question, so the reply has the case in which it was asked. Addresses take turns at being the first.
 */
import { type Answer, overheadOf, startReply } from './answer.ts';
import { encodeRecord, FLAG, RCODE, type ResourceRecord } from './codec.ts';
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
const POINTER_TO_QUESTION = Buffer.from([0xc0, 0x0c]);

export class PreparedAnswer implements Answer {
  readonly rcode: number;
  readonly #flags: number;
  readonly #records: readonly ResourceRecord[];
  readonly #answers: readonly Buffer[];
  readonly #authorities: readonly Buffer[];
  readonly #additionals: readonly Buffer[];
  readonly #length: number;
  readonly #takesTurns: boolean;
  #turn = 0;

  /** `name`: the one asked for, in lower case. */
  constructor({ rcode, authoritative, answers, authorities = [], additionals = [] }: Records, name?: string) {
    const encoded = (record: ResourceRecord) => (record.name === name ? pointing(record) : encodeRecord(record));
    this.rcode = rcode;
    this.#flags = authoritative ? FLAG.AA : 0;
    this.#records = answers;
    this.#answers = answers.map(encoded);
    this.#authorities = authorities.map(encoded);
    this.#additionals = additionals.map(encoded);
    this.#length = lengthOf([...this.#answers, ...this.#authorities, ...this.#additionals]);
    this.#takesTurns =
      answers.length > 1 && answers.every((record) => record.name === name && ['A', 'AAAA'].includes(record.type));
  }

  records(): readonly ResourceRecord[] {
    return this.#records;
  }

  reply(query: Query, limit: number): Buffer {
    const room = limit - overheadOf(query);
    const answers = this.#takesTurns ? this.#rotated() : this.#answers;
    if (this.#length <= room) return this.#write(query, 0, answers, this.#authorities, this.#additionals);
    const fitting = firstOf(answers, room);
    if (fitting.length < answers.length) return this.#write(query, FLAG.TC, fitting, [], []);
    const left = room - lengthOf(answers);
    const authorities = lengthOf(this.#authorities) <= left ? this.#authorities : [];
    return this.#write(query, 0, answers, authorities, firstOf(this.#additionals, left - lengthOf(authorities)));
  }

  #write(query: Query, flags: number, ...sections: [readonly Buffer[], readonly Buffer[], readonly Buffer[]]): Buffer {
    const records = sections.flat();
    const counts = [sections[0].length, sections[1].length, sections[2].length] as const;
    const reply = startReply(query, { rcode: this.rcode, flags: this.#flags | flags, counts }, lengthOf(records));
    let offset = query.questionEnd;
    for (const record of records) offset += record.copy(reply, offset);
    return reply;
  }

  #rotated(): Buffer[] {
    const first = this.#turn;
    this.#turn = (first + 1) % this.#answers.length;
    return [...this.#answers.slice(first), ...this.#answers.slice(0, first)];
  }
}

/** Nothing but a code: what cannot be answered. */
export function refusal(rcode: number): PreparedAnswer {
  return new PreparedAnswer({ rcode, authoritative: false, answers: [] });
}

export const SERVER_FAILURE = refusal(RCODE.SERVFAIL);

function pointing(record: ResourceRecord): Buffer {
  return Buffer.concat([POINTER_TO_QUESTION, encodeRecord({ ...record, name: '.' }).subarray(1)]);
}

function firstOf(records: readonly Buffer[], room: number): Buffer[] {
  let left = room;
  const fitting = [];
  for (const record of records) {
    left -= record.length;
    if (left < 0) break;
    fitting.push(record);
  }
  return fitting;
}

function lengthOf(records: readonly Buffer[]): number {
  return records.reduce((sum, { length }) => sum + length, 0);
}
